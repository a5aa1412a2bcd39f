"""Time from the event that merges two people until an attribution query shows it, on the embedded stack.

A person was seen with a device and bought with a customer number. Then an app event has both identifiers, and an
attribution query is repeated until the device's touch has its share of the sale.
"""

import time
from uuid import uuid4

from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured
from tests.support.full_stack import FullStack, wait_until

NOON, EVENING = "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z"
TIMEOUT_S = 30


def measure(environment: BenchEnvironment) -> list[Figure]:
    merges = environment.size(20, 3)
    with environment.full_stack() as stack:
        stack.scan()
        visible_s = []
        for number in range(merges):
            environment.progress(f"merge {number + 1} of {merges}")
            visible_s.append(_merge(stack))
    note = f"{merges} merges, the longest took {max(visible_s):.2g} s"
    return [Figure("a late merge visible in an attribution query", "s", visible_s, at_most=2, note=note)]


def _merge(stack: FullStack) -> float:
    """Seconds until the query shows the merge."""
    device, customer = uuid4().hex[:22], str(uuid4())
    channel = f"till {customer}"
    touch = {"type": "ad_click", "occurred_at": NOON, "channel": channel, **_identifiers(device=device)}
    sale = {"type": "sale", "occurred_at": EVENING, **_identifiers(customer=customer)}
    sale["properties"] = {"amount": "10.00", "currency": "EUR"}
    stack.scan(stack.device_cookie(device))
    _send(stack, touch, sale)
    wait_until(lambda: stack.value(f"SELECT count() FROM touchpoint WHERE channel = '{channel}'"), timeout_s=TIMEOUT_S)
    query = (
        "SELECT sum(conversions) FROM attribution(model='linear', lookback_days=90, since='2026-06-01', "
        f"until='2026-06-02') WHERE channel = '{channel}'"
    )
    if stack.value(query):
        raise NotMeasured("the touch has a share before the merge")
    _send(stack, {"type": "app_opened", "occurred_at": EVENING, **_identifiers(customer=customer, device=device)})
    began = time.monotonic()
    wait_until(lambda: stack.value(query), timeout_s=TIMEOUT_S)
    return time.monotonic() - began


def _identifiers(**identifiers: str) -> dict[str, object]:
    return {"identifiers": [{"type": kind, "value": value} for kind, value in identifiers.items()]}


def _send(stack: FullStack, *events: dict[str, object]) -> None:
    results = stack.send(*({"event_id": str(uuid4()), **event} for event in events))
    if {result["status"] for result in results} != {"accepted"}:
        raise NotMeasured(f"{results}")
