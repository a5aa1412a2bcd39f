"""How long a test waits for what should happen soon."""

HANG_S = 300.0
"""A wait that takes longer is a hang: ten times what the slowest of them takes on a quiet machine of two cores."""
