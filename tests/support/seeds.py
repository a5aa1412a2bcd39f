"""The seed of a test run, printed so that a failed test can be repeated with it."""

import os

from tests.support.randomness import SEED, seed_of


def draw_seed() -> int:
    """FOOTPATH_SEED, by default a fresh seed. The seed is printed; pytest shows the output of a test that fails."""
    seed = seed_of(os.environ)
    print(f"{SEED}={seed}")
    return seed
