"""The tests themselves run in a surrounding that their seed gives, and so do the processes that they start."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.randomness import HASH_SEED, SEED, ZONE, ZONES, seed_of, surroundings

SUMMER = 1_782_864_000  # 1 July 2026 UTC
TELL = f"import time; print(hash('footpath'), time.localtime({SUMMER}).tm_gmtoff)"


def told(environ: dict[str, str]) -> str:
    """What a process of this environment says of its hashes and its clock."""
    return subprocess.run([sys.executable, "-c", TELL], env=environ, capture_output=True, text=True, check=True).stdout


def test_this_process_and_its_children_run_under_the_seed() -> None:
    wanted = surroundings(seed_of(os.environ))
    assert {name: os.environ[name] for name in wanted} == wanted
    assert told({**os.environ}) == f"{hash('footpath')} {time.localtime(SUMMER).tm_gmtoff}\n"


def test_a_seed_gives_the_same_surroundings_again_and_another_one_others() -> None:
    assert surroundings(7) == surroundings(7) and seed_of({SEED: "7"}) == 7
    assert {surroundings(seed)[ZONE] for seed in range(200)} == set(ZONES)
    assert len({surroundings(seed)[HASH_SEED] for seed in range(200)}) == 200
    assert seed_of({}) != seed_of({SEED: ""})


def test_every_zone_is_known_to_the_system() -> None:
    """A name that the C library does not know would be UTC without a word."""
    summer = datetime.fromtimestamp(SUMMER, UTC)
    for zone in ZONES:
        offset = summer.astimezone(ZoneInfo(zone)).utcoffset()
        assert offset is not None and told({**os.environ, ZONE: zone}).endswith(f" {offset.total_seconds():.0f}\n"), (
            zone
        )
