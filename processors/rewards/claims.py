"""Claims against limits over all people that wait for their answer."""

import msgspec


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One of a source profile."""

    limit: str
    units: int
