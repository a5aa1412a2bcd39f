"""Requests about data on the embedded stack: how long somebody waits for an export and for the receipt of an erasure.

A million events of as many people go through the events API, so that the tables and every state have them; the one who
asks has a thousand events.
"""

import http.client
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.support.full_stack import FullStack, wait_until

Json = dict[str, Any]
AT_ONCE = 500
OWN_EVENTS = 1_000
EXPORTED_IN_S, ERASED_IN_S = 3.0, 10.0
WITHIN_S = 1_800.0


def measure(environment: BenchEnvironment) -> list[Figure]:
    others = environment.size(1_000_000, 20_000)
    with environment.full_stack() as stack:
        client = Client(stack)
        for batch in batches(others):
            client.post("/v1/events", {"events": batch})
        environment.progress(f"{others:,} events of as many people are sent")
        everything = others + OWN_EVENTS * environment.rounds
        for number in range(environment.rounds):
            for batch in batches(OWN_EVENTS, f"asks-{number}"):
                client.post("/v1/events", {"events": batch})
        stored = "SELECT uniqExact(event_id) FROM touchpoint_identified"
        wait_until(lambda: stack.value(stored) >= everything, stack.logs, WITHIN_S)
        posted = "SELECT uniqExact(source_event_id) FROM reward_posted"
        wait_until(lambda: stack.value(posted) >= everything, stack.logs, WITHIN_S)
        wait_until(lambda: has_caught_up(stack), stack.logs, WITHIN_S)
        environment.progress("all of them are in the tables and in the states")
        client.connect_again()
        exported, erased = [], []
        for number in range(environment.rounds):
            exported.append(client.seconds_of("export", f"asks-{number}"))
            erased.append(client.seconds_of("erase", f"asks-{number}"))
            environment.progress(f"exported in {exported[-1]:.2f} s, erased in {erased[-1]:.2f} s")
        left = stack.value(
            "SELECT count() FROM touchpoint_identified WHERE source_profile_id IN "
            "(SELECT source_profile_id FROM profile_erased)"
        )
    assert left == 0, f"{left} rows still name whom was erased"
    among = f"among {others:,} events and people"
    return [
        Figure("export of 1,000 events", "s", exported, at_most=EXPORTED_IN_S, note=among),
        Figure("erasure, until the receipt", "s", erased, at_most=ERASED_IN_S, note=among),
    ]


def has_caught_up(stack: FullStack) -> bool:
    """Whether no processor has touchpoints before it: an erasure waits for what was published earlier."""
    lags = list[float]()
    for address in set(stack.run["metrics"].values()):
        with urllib.request.urlopen(address, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        lags += (
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith("footpath_worker_lag_records{") and TOUCHPOINT_IDENTIFIED.name in line
        )
    return bool(lags) and not any(lags)


def batches(count: int, who: str = "") -> Iterator[list[Json]]:
    """Sales: of ``who``, or each of somebody else."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    for first in range(0, count, AT_ONCE):
        yield [
            {
                "type": "sale",
                "occurred_at": at,
                "identifiers": [{"type": "customer", "value": who or f"somebody-{number}"}],
                "store": "berlin-mitte",
                "properties": {"amount": "12.50", "currency": "EUR", "note": f"receipt {number}"},
            }
            for number in range(first, min(first + AT_ONCE, count))
        ]


class Client:
    """One connection with the stack's key."""

    def __init__(self, stack: FullStack) -> None:
        run = stack.run
        self._connection = http.client.HTTPConnection(urlsplit(run["gateway"]).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {run['api_key']}", "Content-Type": "application/json"}

    def connect_again(self) -> None:
        """After minutes without a request, in which the gateway has closed the connection."""
        self._connection.close()

    def post(self, path: str, body: Json) -> Json:
        """Posts until the gateway takes it: 429 and 503 are answered by waiting."""
        while True:
            status, answer = self._ask("POST", path, json.dumps(body))
            if status == 202:
                return answer
            assert status in (429, 503), (status, answer)
            time.sleep(0.2)

    def seconds_of(self, action: str, who: str) -> float:
        """From the request to its answer, for an export with the data."""
        began = time.monotonic()
        asked = self.post(f"/v1/privacy/{action}", {"identifiers": [{"type": "customer", "value": who}]})
        path = f"/v1/privacy/requests/{asked['request_id']}"
        while True:
            status, answer = self._ask("GET", path)
            assert status == 200, (status, answer)
            if answer["status"] != "working":
                break
            time.sleep(0.02)
        assert answer["status"] == "done", answer
        if action == "export":
            _, document = self._ask("GET", f"{path}/data")
            assert len(document["touchpoints"]) == OWN_EVENTS
        else:
            assert answer["receipt"]["tables"]["touchpoint_identified"] == OWN_EVENTS
        return time.monotonic() - began

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Json]:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())
