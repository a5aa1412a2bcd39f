"""kill -9 of every process in the middle of an import: what was acknowledged is there once, no reward is paid twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pathdata
from tests.stack.whole import Street, wait_until, write_lines

pytestmark = pytest.mark.timeout(400)
PROCESSES = ("gateway", "identity", "context", "rewards", "sink", "kafka", "clickhouse")
JOURNEYS = 700


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A system of its own: nothing else may use what is killed."""
    street = Street(tmp_path / "data")
    street.start()
    yield street
    street.stop()


def test_nothing_is_lost_and_nothing_doubled(street: Street, tmp_path: Path) -> None:
    events = list(pathdata.events(JOURNEYS))
    file = write_lines(tmp_path / "paths.jsonl", events)
    importing = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "import", str(file)],
        env=street.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for number, process in enumerate(PROCESSES, 1):
        wait_until(
            lambda goal=number: (
                importing.poll() is not None
                or street.value("SELECT uniqExact(event_id) FROM touchpoint_recorded") > goal * len(events) // 12
            ),
            60,
        )
        street.kill(process)
    output, _ = importing.communicate(timeout=200)
    assert importing.returncode == 0, output
    ids = {event["event_id"] for event in events}

    wait_until(lambda: street.value("SELECT count() FROM touchpoint") >= len(ids), 60)
    there = [row["event_id"] for row in street.rows("SELECT event_id FROM touchpoint")]
    assert len(there) == len(set(there)), "an event is there twice"
    assert set(there) == ids
    _rewards_are_right(street, events)


def _rewards_are_right(street: Street, events: list[dict[str, object]]) -> None:
    sales = [event for event in events if event["type"] == "sale"]
    wanted = sum(int(float(sale["properties"]["amount"])) for sale in sales)
    rule = json.loads(street.value("SELECT body FROM brand_configured FINAL WHERE kind = 'reward' AND id = 'purchase'"))
    points = "SELECT sum(points) FROM reward_posted FINAL WHERE rule = 'purchase'"
    wait_until(lambda: street.value(points) >= wanted * rule["points_per_unit"], 30)
    assert street.value(points) == wanted * rule["points_per_unit"]
    entries = street.rows(
        "SELECT uniqExact(rule, person_id, source_event_id) AS due, count() AS paid FROM reward_posted FINAL"
    )
    assert entries[0]["due"] == entries[0]["paid"]
