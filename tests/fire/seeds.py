"""Chance that can be had again: a test that fails says which seed it ran with."""

import os

from tests.randomness import SEED as VARIABLE
from tests.randomness import seed_of

__all__ = ["VARIABLE", "draw_seed"]


def draw_seed() -> int:
    """The seed of this run: FOOTPATH_SEED, else a fresh one. It is printed, and pytest shows that when a test fails."""
    seed = seed_of(os.environ)
    print(f"{VARIABLE}={seed}")
    return seed
