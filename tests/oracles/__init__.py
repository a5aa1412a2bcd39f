"""Independent implementations of definitions, that the results of the product are compared with."""
