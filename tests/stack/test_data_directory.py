"""A data directory of the first released version starts under this version, answers as it did, and goes on.

The directory is built from text (`tests/support/data_recipe.py`): topics with states, offsets of the consumer groups
and the key of the identifiers as that version left them. ClickHouse is empty, so the sink reads topics from the start.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.data_recipe import RELEASED, build_data
from tests.support.full_stack import FullStack, wait_until

ANN_CARD = {"type": "customer", "value": "C-1"}
ANN_PHONE = {"type": "device", "value": "ann-phone"}
BEN_MAIL = {"type": "email", "value": "ben@shop.example"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    """This version on the recorded directory, when the sink has stored what is on the topics."""
    data = tmp_path_factory.mktemp("released") / "data"
    build_data(data)
    stack = FullStack(data, FOOTPATH_BRAND=str(RELEASED / "brand"))
    stack.start()
    recorded = "SELECT countIf(event_id LIKE 'released-%') FROM touchpoint"
    wait_until(lambda: stack.value(recorded) == 7)
    wait_until(lambda: stack.value("SELECT count() FROM reward_posted FINAL") == 4)
    wait_until(lambda: stack.value("SELECT count() FROM event_rejected") == 1)
    wait_until(lambda: stack.value("SELECT count() FROM cost_reported FINAL") == 1)
    yield stack
    assert stack.stop() == 0


def of(stack: FullStack, number: int, columns: str = "toString(person_id) AS person_id") -> Any:
    """Columns of the view touchpoint for the recorded event of this number."""
    return stack.value(f"SELECT {columns} FROM touchpoint WHERE event_id = 'released-{number}'")


def test_people_are_who_they_were(stack: FullStack) -> None:
    ann = {of(stack, number) for number in (0, 1, 2)}
    ben = {of(stack, number) for number in (3, 4, 5)}
    assert len(ann) == len(ben) == 1 and ann != ben


def test_points_are_what_they_were(stack: FullStack) -> None:
    points = {
        row["person_id"]: row["points"]
        for row in stack.rows("SELECT toString(person_id) AS person_id, points FROM balance")
    }
    assert (points[of(stack, 2)], points[of(stack, 4)]) == (35, 0)


def test_attribution_is_what_it_was(stack: FullStack) -> None:
    rows = stack.rows(
        "SELECT * FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')"
    )
    assert {row["channel"]: (row["conversions"], row["revenue"]) for row in rows} == {
        "search": (0.5, 15.25),
        "in-store scan": (0.5, 15.25),
        "direct": (1, 0),
    }


def test_rejects_and_costs_are_there(stack: FullStack) -> None:
    assert stack.value("SELECT count() FROM event_rejected WHERE stage = 'gateway'") == 1
    assert stack.value("SELECT toFloat64(sum(amount)) FROM cost_reported FINAL") == 12.25


def test_states_of_then_are_taken_up(stack: FullStack) -> None:
    """A new event of the card belongs to the person of the phone, and a return finds the recorded sale."""
    back = {"amount": "30.50", "currency": "EUR", "sale_event_id": "released-2"}
    (result,) = stack.send(
        {
            "event_id": "later-return",
            "type": "return",
            "occurred_at": "2026-03-02T12:00:00Z",
            "identifiers": [ANN_CARD],
            "properties": back,
        }
    )
    assert result["status"] == "accepted"
    reversed_points = "SELECT sum(points) FROM reward_posted FINAL WHERE source_event_id = 'later-return'"
    wait_until(lambda: stack.value(reversed_points) == -30)
    people = "SELECT toString(person_id) AS id FROM touchpoint WHERE event_id = 'later-return'"
    assert wait_until(lambda: stack.rows(people)) == [{"id": of(stack, 2)}]
