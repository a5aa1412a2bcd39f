"""`footpath shoppers`: simulated traffic for a gateway that runs."""

import os
from pathlib import Path

from deploy.cli import TRY_IT, Command


def shoppers(
    *,
    count: int = 20,
    gateway: str | None = None,
    brand: Path | None = None,
    seed: int | None = None,
    pace: float = 6.0,
) -> int:
    """Simulate shoppers in the brand's stores until Ctrl-C: scans, visits, sales, returns and stock counts.

    Parameters
    ----------
    count
        Number of shoppers.
    gateway
        Address of the gateway (FOOTPATH_GATEWAY, default: the stack in FOOTPATH_DATA).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    seed
        Seed of the random choices: the same seed gives the same actions. Without it each run differs.
    pace
        Mean time between two actions of one shopper, in seconds.
    """
    from deploy.demo.shoppers import main as simulate
    from deploy.environment import brand_dir
    from deploy.target import read_target

    return simulate(brand_dir(brand), read_target(os.environ, gateway), count, seed, pace)


COMMAND = Command(shoppers, TRY_IT)
