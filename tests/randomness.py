"""One seed for a whole test run: the time zone, the hash seed, and everything that tests draw at random.

`FOOTPATH_SEED` names it; without it a run takes a fresh one and says which. A run that fails can so be had again:
`FOOTPATH_SEED=… make test`.

The processes that run under the time zone and the hash seed are: the one that runs the tests (pytest itself, or each
of its workers with --numprocesses), and every child that inherits the environment (gateway, processors, sink, servers).
An interpreter reads its hash seed when it starts, so pytest, where it has no workers, starts itself once more before it
collects anything.
"""

import os
import random
import sys
from collections.abc import Mapping
from importlib.resources import files
from uuid import uuid4

SEED, ZONE, HASH_SEED, ZONE_FILES = "FOOTPATH_SEED", "TZ", "PYTHONHASHSEED", "TZDIR"
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",  # +05:45
    "Australia/Lord_Howe",  # summer time of half an hour
    "America/St_Johns",  # -03:30
    "Africa/Casablanca",  # winter is what is shifted
    "Pacific/Chatham",  # +12:45
    "Pacific/Kiritimati",  # +14
    "Pacific/Niue",  # -11
    "Antarctica/Troll",  # summer time of two hours
    "Asia/Tehran",
)


def surroundings(seed: int) -> dict[str, str]:
    """The variables of a run with this seed. The zones' rules come from our own dependency: a machine may have none."""
    chance = random.Random(seed)
    rules = str(files("tzdata") / "zoneinfo")
    return {SEED: str(seed), ZONE: chance.choice(ZONES), HASH_SEED: str(chance.randrange(2**32)), ZONE_FILES: rules}


def seed_of(environ: Mapping[str, str]) -> int:
    """The seed that the environment names, else a fresh one."""
    return int(environ[SEED]) if environ.get(SEED) else random.SystemRandom().randrange(2**32)


def stands_in(wanted: Mapping[str, str]) -> bool:
    """Whether this process was started with these variables."""
    return all(os.environ.get(name) == value for name, value in wanted.items())


def start_again_in(wanted: Mapping[str, str]) -> None:
    """Runs this process's command from its start, with these variables. Does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})


def unique_word() -> str:
    """A name that no test used before. Of letters alone: digits in a row are refused as a phone number."""
    return uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:12]
