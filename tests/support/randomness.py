"""One seed for a whole test run decides the time zone, the hash seed and every random choice of the tests.

`FOOTPATH_SEED` sets it; without it a run draws a fresh one and prints it. To repeat a failed run:
`FOOTPATH_SEED=… make test`.

Time zone and hash seed apply to the process that runs the tests (pytest itself, or each of its workers with
--numprocesses) and to every child that inherits the environment (gateway, processors, sink, servers). An interpreter
reads its hash seed at its start, so pytest without workers restarts itself before it collects the tests.
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
    "Asia/Kathmandu",  # UTC+05:45
    "Australia/Lord_Howe",  # daylight saving time of half an hour
    "America/St_Johns",  # UTC-03:30
    "Africa/Casablanca",  # negative daylight saving time (during Ramadan)
    "Pacific/Chatham",  # UTC+12:45
    "Pacific/Kiritimati",  # UTC+14
    "Pacific/Niue",  # UTC-11
    "Antarctica/Troll",  # daylight saving time of two hours
    "Asia/Tehran",
)


def environment_of(seed: int) -> dict[str, str]:
    """Environment variables of a run with this seed. The rules of time zones are those of the package tzdata."""
    rng = random.Random(seed)
    rules = str(files("tzdata") / "zoneinfo")
    return {SEED: str(seed), ZONE: rng.choice(ZONES), HASH_SEED: str(rng.randrange(2**32)), ZONE_FILES: rules}


def seed_of(environ: Mapping[str, str]) -> int:
    """FOOTPATH_SEED, by default a fresh seed."""
    return int(environ[SEED]) if environ.get(SEED) else random.SystemRandom().randrange(2**32)


def runs_in(variables: Mapping[str, str]) -> bool:
    """Whether this process has these environment variables."""
    return all(os.environ.get(name) == value for name, value in variables.items())


def restart_in(variables: Mapping[str, str]) -> None:
    """Restarts this process with these environment variables; does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **variables})


def unique_word() -> str:
    """12 random letters for a unique name; without digits, because a run of them would be refused as a phone number."""
    return uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:12]
