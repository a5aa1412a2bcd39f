"""How soon an attribution query sees that two people are one, on the embedded stack: from the event that says so on.

Somebody scanned with their phone and bought with their customer number. Then an app tells that both are theirs, and the
query that an analyst would ask is asked again and again until the scan has its share of the sale.
"""

import time
from uuid import uuid4

from gateway.device import COOKIE
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured
from tests.stack.whole import Street, wait_until

NOON, EVENING = "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z"
PATIENCE_S = 30


def measure(ground: Ground) -> list[Figure]:
    merges = ground.size(20, 3)
    with ground.street() as street:
        street.scan()
        seen_s = []
        for number in range(merges):
            ground.say(f"merge {number + 1} of {merges}")
            seen_s.append(_merge(street))
    note = f"{merges} merges, the longest {max(seen_s):.2g} s"
    return [Figure("a late merge seen by an attribution query", "s", seen_s, at_most=2, note=note)]


def _merge(street: Street) -> float:
    """Seconds until the query shows it."""
    phone, customer = uuid4().hex[:22], str(uuid4())
    channel = f"till {customer}"
    seen = {"type": "ad_click", "occurred_at": NOON, "channel": channel, **_known(device=phone)}
    sale = {"type": "sale", "occurred_at": EVENING, **_known(customer=customer)}
    sale["properties"] = {"amount": "10.00", "currency": "EUR"}
    street.scan(f"{COOKIE}={phone}")
    _send(street, seen, sale)
    wait_until(lambda: street.value(f"SELECT count() FROM touchpoint WHERE channel = '{channel}'"), PATIENCE_S)
    query = (
        "SELECT sum(conversions) FROM attribution(model='linear', lookback_days=90, since='2026-06-01', "
        f"until='2026-06-02') WHERE channel = '{channel}'"
    )
    if street.value(query):
        raise NotMeasured("the ad has its share before anybody knows who clicked on it")
    _send(street, {"type": "app_opened", "occurred_at": EVENING, **_known(customer=customer, device=phone)})
    began = time.monotonic()
    wait_until(lambda: street.value(query), PATIENCE_S)
    return time.monotonic() - began


def _known(**identifiers: str) -> dict[str, object]:
    return {"identifiers": [{"type": kind, "value": value} for kind, value in identifiers.items()]}


def _send(street: Street, *events: dict[str, object]) -> None:
    verdicts = street.send(*({"event_id": str(uuid4()), **event} for event in events))
    if {verdict["status"] for verdict in verdicts} != {"accepted"}:
        raise NotMeasured(f"{verdicts}")
