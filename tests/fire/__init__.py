"""The promises under fire: each file is a fault and what must hold all the same."""
