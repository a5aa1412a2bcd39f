"""Expressions of the brand's configuration: the Common Expression Language (CEL), as far as conditions need it.

``inputs`` lists what an expression may read, ``syntax`` reads one, ``check`` gives its types and bounds, ``engine``
evaluates it.
"""
