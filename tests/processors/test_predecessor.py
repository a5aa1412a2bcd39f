"""A worker that died is missed at once by whoever starts in its place, not when its session ends."""

import time
from pathlib import Path

import pytest

from processors.shell.predecessor import Membership
from schemas.topics import PARTITIONS
from tests.processors.street import Street

SESSION_MS = 25_000


@pytest.mark.timeout(60)
async def test_who_starts_after_kill_9_serves_before_the_session_of_the_dead_ends(street: Street) -> None:
    """The fault: kill -9 of a worker whose session lasts 25 s. The promise: the next one in its folder serves at
    once."""
    street.start("rewards", session_timeout_ms=str(SESSION_MS))
    await street.opened("rewards", PARTITIONS)
    street.kill("rewards")
    began = time.monotonic()
    street.start("rewards", session_timeout_ms=str(SESSION_MS))
    await street.opened("rewards", 2 * PARTITIONS)
    assert time.monotonic() - began < SESSION_MS / 1000 / 2


async def test_a_member_that_nobody_knows_any_more_is_no_problem(street: Street, tmp_path: Path) -> None:
    file = tmp_path / "rewards.member"
    membership = Membership(street.kafka, "footpath-rewards", file)
    await membership.leave_for_predecessor()
    membership.note("aiokafka-0.0-gone")
    await membership.leave_for_predecessor()
    assert not file.exists()


async def test_a_kafka_that_is_away_only_costs_the_goodbye(tmp_path: Path) -> None:
    file = tmp_path / "rewards.member"
    file.write_text("aiokafka-0.0-gone")
    await Membership("127.0.0.1:9", "footpath-rewards", file).leave_for_predecessor()
    assert not file.exists()
