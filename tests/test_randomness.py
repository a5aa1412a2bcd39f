"""The tests and the processes that they start run with the time zone and hash seed of their seed."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.support.randomness import HASH_SEED, SEED, ZONE, ZONES, environment_of, seed_of

SUMMER = 1_782_864_000  # 1 July 2026 UTC
PROGRAM = f"import time; print(hash('footpath'), time.localtime({SUMMER}).tm_gmtoff)"


def output_of(environ: dict[str, str]) -> str:
    """A hash and the UTC offset in a process with this environment."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_this_process_and_its_children_run_under_the_seed() -> None:
    wanted = environment_of(seed_of(os.environ))
    assert {name: os.environ[name] for name in wanted} == wanted
    assert output_of({**os.environ}) == f"{hash('footpath')} {time.localtime(SUMMER).tm_gmtoff}\n"


def test_a_seed_gives_the_same_surroundings_again_and_another_one_others() -> None:
    assert environment_of(7) == environment_of(7) and seed_of({SEED: "7"}) == 7
    assert {environment_of(seed)[ZONE] for seed in range(200)} == set(ZONES)
    assert len({environment_of(seed)[HASH_SEED] for seed in range(200)}) == 200
    assert seed_of({}) != seed_of({SEED: ""})


def test_every_zone_is_known_to_the_system() -> None:
    """The C library silently treats an unknown zone as UTC."""
    summer = datetime.fromtimestamp(SUMMER, UTC)
    for zone in ZONES:
        offset = summer.astimezone(ZoneInfo(zone)).utcoffset()
        assert offset is not None and output_of({**os.environ, ZONE: zone}).endswith(
            f" {offset.total_seconds():.0f}\n"
        ), zone
