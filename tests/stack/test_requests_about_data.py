"""The whole system, asked for somebody's data and then to erase it, by the calls that a brand's server makes."""

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.byte_search import Needles, rows
from tests.support.full_stack import FullStack, wait_until
from tests.support.hangs import HANG_S

NOTE = "note-of-somebody-5d1f0c"
CARD, MAIL = "C-erased-5d1f0c", "erased-5d1f0c@corner.example"
WHO = [{"type": "customer", "value": CARD}, {"type": "email", "value": MAIL}]
Json = dict[str, Any]


def ask(stack: FullStack, path: str, body: Json | None = None) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {stack.run['api_key']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(stack.run["gateway"] + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def answer_to(stack: FullStack, action: str, identifiers: list[Json]) -> Json:
    """The final answer to a request."""
    status, asked = ask(stack, f"/v1/privacy/{action}", {"identifiers": identifiers})
    assert status == 202, asked
    until = time.monotonic() + HANG_S
    while (answer := ask(stack, f"/v1/privacy/requests/{asked['request_id']}")[1])["status"] == "working":
        assert time.monotonic() < until, stack.logs()
        time.sleep(0.1)
    return answer


def sale(amount: str, at: datetime, note: str = NOTE) -> Json:
    properties = {"amount": amount, "currency": "EUR", "note": note}
    when = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": "sale", "occurred_at": when, "identifiers": WHO, "store": "berlin-mitte", "properties": properties}


def points(stack: FullStack) -> list[int]:
    """The balances of all persons whose card or address it is, now."""
    known = ", ".join(f"'{one['identifier']}'" for one in document(stack)["identifiers"])
    people = f"SELECT person_id FROM touchpoint WHERE primary_identifier IN ({known})"
    return [row["points"] for row in stack.rows(f"SELECT points FROM balance WHERE person_id IN ({people})")]


def document(stack: FullStack) -> Json:
    answer = answer_to(stack, "export", WHO[:1])
    assert answer["status"] == "done", answer
    status, found = ask(stack, answer["data"])
    assert status == 200
    return found


def test_somebody_gets_their_data_is_erased_and_comes_back_as_somebody_new(stack: FullStack) -> None:
    before = datetime.now(UTC)
    [bought] = stack.send(sale("12.50", before))
    wait_until(lambda: stack.value(f"SELECT count() FROM reward_posted WHERE source_event_id = '{bought['event_id']}'"),
               stack.logs)  # fmt: skip
    exported = document(stack)
    assert exported["touchpoints"][0]["properties"]["note"] == NOTE
    assert {one["type"] for one in exported["identifiers"]} == {"customer", "email"}
    assert exported["summary"]["rewards"]["balance"] == 12 and points(stack) == [12]
    revenue = "SELECT toString(sum(revenue)) FROM sale WHERE event_id = '{}'"
    assert stack.value(revenue.format(bought["event_id"])) == "12.5"

    # Staff see what they allow, and each look is one row.
    seen = profile(stack)
    assert (seen["allowed"], seen["balance"]) == (True, 12) and seen["visit"]["store"] == "berlin-mitte"
    assert not any(
        word in json.dumps(seen) for word in (CARD, MAIL, *(one["identifier"] for one in exported["identifiers"]))
    )
    wait_until(lambda: stack.value("SELECT sum(shown) FROM profile_look") == 1, stack.logs)

    answer = answer_to(stack, "erase", WHO[1:])
    assert answer["status"] == "done", answer
    receipt = answer["receipt"]
    assert receipt["source_profiles"] == 2 and receipt["processors"]["rewards"] and receipt["processors"]["identity"]
    assert receipt["tables"]["touchpoint_identified"] == receipt["tables"]["reward_posted"] == 1
    assert stack.value(revenue.format(bought["event_id"])) == "12.5", "amounts stay"
    assert_nothing_of(stack, exported)

    # What happened before the erasure and comes late is nobody's; what happens now is somebody new's.
    [late] = stack.send(sale("99.00", before - timedelta(seconds=5)))
    [back] = stack.send(sale("7.00", datetime.now(UTC), note="somebody new"))
    wait_until(lambda: stack.value(f"SELECT count() FROM reward_posted WHERE source_event_id = '{back['event_id']}'"),
               stack.logs)  # fmt: skip
    wait_until(lambda: stack.value(revenue.format(late["event_id"])) == "99", stack.logs)
    again = document(stack)
    assert [one["event_id"] for one in again["touchpoints"]] == [back["event_id"]]
    assert again["summary"]["rewards"]["balance"] == 7 and points(stack) == [7]
    assert not {one["identifier"] for one in again["identifiers"]} & {
        one["identifier"] for one in exported["identifiers"]
    }
    assert_nothing_of(stack, exported, but=NOTE)
    assert profile(stack)["balance"] == 7

    # The replay twin: the one who came back is erased, too, and then there is nobody to erase.
    assert answer_to(stack, "erase", WHO)["status"] == "done"
    assert answer_to(stack, "erase", WHO)["status"] == "nobody"
    assert answer_to(stack, "export", WHO)["status"] == "nobody"
    wait_until(lambda: profile(stack) == {"allowed": False}, stack.logs)


def profile(stack: FullStack) -> Json:
    """What staff see of whoever has the card."""
    while True:
        status, found = ask(stack, f"/v1/people/customer/{CARD}/profile")
        if status == 200:
            return found
        assert status in (429, 503), found
        time.sleep(1)


def assert_nothing_of(stack: FullStack, exported: Json, but: str = "") -> None:
    """No table but that of erasures has a word of them. :param but: a late event of nobody may have said it."""
    ids = [one[name] for one in exported["identifiers"] for name in ("identifier", "source_profile_id")]
    needles = Needles([one for one in (NOTE, CARD, MAIL, *ids) if one != but])
    stack.change("SYSTEM FLUSH LOGS")
    found = {
        place: what
        for place, what in needles.found_in(rows(stack)).items()
        if place != "table footpath.profile_erased" and not place.startswith("table system.")
    }
    assert not found


def test_types_that_nobody_knows_are_said_and_not_called_done(stack: FullStack) -> None:
    status, asked = ask(stack, "/v1/privacy/erase", {"identifiers": [{"type": "fax", "value": "1234"}]})
    assert status == 202
    _, answer = ask(stack, f"/v1/privacy/requests/{asked['request_id']}")
    assert answer["status"] == "nobody" and answer["unknown"] == [{"type": "fax"}]
