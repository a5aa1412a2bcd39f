"""Consent on the whole system: what a person withdraws at a till counts for their phone, from then on and in every
place that enforces it."""

import json
from typing import Any
from uuid import uuid4

from tests.support.full_stack import FullStack, wait_until

NOON, EVENING = "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z"
PROOF = {"text_id": "till-poster", "language": "de", "where": "till", "control": "button"}


class Shopper:
    """Somebody new with a phone and a customer number."""

    def __init__(self, stack: FullStack) -> None:
        self.stack, self.phone, self.number = stack, uuid4().hex[:22], str(uuid4())

    def send(self, kind: str, at: str, **properties: Any) -> str:
        """An event with both identifiers; its id."""
        event_id = str(uuid4())
        known = [{"type": "customer", "value": self.number}, {"type": "device", "value": self.phone}]
        (result,) = self.stack.send(
            {"event_id": event_id, "type": kind, "occurred_at": at, "identifiers": known, "properties": properties}
        )
        assert result["status"] == "accepted", result
        return event_id

    def scan(self) -> str:
        """A scan with the phone; its id."""
        return self.stack.scan(self.stack.device_cookie(self.phone))["Footpath-Event"]

    def one(self, query: str) -> dict[str, Any]:
        """The row of a query, once it is there."""
        wait_until(lambda: self.stack.rows(query))
        return self.stack.rows(query)[0]


def test_what_somebody_withdraws_counts_for_every_identifier_and_everywhere(stack: FullStack) -> None:
    shopper = Shopper(stack)
    before = shopper.scan()
    opened = shopper.send("app_opened", NOON)
    person_of = "SELECT toString(person_id) AS person FROM touchpoint WHERE event_id = '{}'"
    wait_until(
        lambda: (
            len({row["person"] for event in (before, opened) for row in stack.rows(person_of.format(event))}) == 1
            and stack.rows(person_of.format(opened))
        )
    )
    consent = "SELECT consent, with_history FROM routed_consent WHERE scan_event_id = '{}'"
    assert shopper.one(consent.format(before)) == {"consent": "opt_out", "with_history": 1}

    purposes = ["identity", "personalisation", "analytics"]
    said = shopper.send("consent_withdrawn", EVENING, purposes=purposes, policy_version="2026-01", proof=PROOF)
    stated = f"SELECT count() AS found FROM consent_changed WHERE source_event_id = '{said}'"
    wait_until(lambda: stack.value(stated.replace(" AS found", "")) == 2 * len(purposes))
    rows = stack.rows(
        f"SELECT DISTINCT after, policy_version, proof FROM consent_changed WHERE source_event_id = '{said}'"
    )
    assert [(row["after"], row["policy_version"], json.loads(row["proof"])) for row in rows] == [
        ("withdrawn", "2026-01", PROOF)
    ]

    # They come apart, and what the phone does from now on is counted and answered, and nobody's.
    joined = f"SELECT uniqExact(person_id) FROM consent WHERE source_event_id = '{said}'"
    wait_until(lambda: stack.value(joined) == 2)
    after = shopper.scan()
    columns = "toString(person_id) AS person, primary_identifier AS who, properties"
    counted = shopper.one(f"SELECT {columns} FROM touchpoint WHERE event_id = '{after}'")
    assert (int(counted["person"].replace("-", ""), 16), counted["who"], counted["properties"]) == (0, "", "{}")
    decided = f"SELECT toString(person_id) AS person, inputs, route FROM scan_routed WHERE scan_event_id = '{after}'"
    routed = shopper.one(decided)
    assert (int(routed["person"].replace("-", ""), 16), routed["inputs"]) == (0, "{}") and routed["route"]
    assert stack.value(f"SELECT count() FROM reward_posted WHERE source_event_id = '{after}'") == 0

    shown = stack.footpath("consent", "show", "customer", shopper.number, "--json")
    uses = {use["purpose"]: use["allowed"] for use in json.loads(shown.stdout)["uses"]}
    assert not any(uses[purpose] for purpose in purposes) and not uses["marketing/email"]
