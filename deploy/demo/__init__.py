"""A demo brand, and simulated shoppers that send events to its gateway."""
