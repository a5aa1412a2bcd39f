"""Everything on this machine."""

import os
from pathlib import Path

from deploy.environment import brand_dir, hush_libraries
from deploy.errors import Refused


def up(
    *, data: Path | None = None, brand: Path | None = None, shoppers: int | None = None, workers: int | None = None
) -> int:
    """Start everything on this machine and keep it running until Ctrl-C.

    Parameters
    ----------
    data
        Directory of this stack (FOOTPATH_DATA, default .footpath).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: a demo brand).
    shoppers
        Simulated shoppers (FOOTPATH_SHOPPERS, default 20).
    workers
        Workers a processor (FOOTPATH_WORKERS, default 1).
    """
    from deploy.local import settings, stack

    hush_libraries()
    try:
        chosen = settings.read(os.environ, data, brand, shoppers, workers)
    except settings.SettingError as error:
        raise Refused(str(error)) from None
    return stack.up(chosen)


def shoppers(
    *,
    count: int = 20,
    gateway: str | None = None,
    brand: Path | None = None,
    seed: int | None = None,
    pace: float = 6.0,
) -> int:
    """Let simulated shoppers walk through the brand's stores until Ctrl-C.

    Parameters
    ----------
    count
        How many.
    gateway
        The gateway's address (FOOTPATH_GATEWAY, default: the stack in FOOTPATH_DATA).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    seed
        Number that decides every choice; without it each run differs.
    pace
        Mean seconds between two acts of one shopper.
    """
    from deploy.demo.shoppers import main as walk
    from deploy.target import read_target

    return walk(brand_dir(brand), read_target(os.environ, gateway), count, seed, pace)
