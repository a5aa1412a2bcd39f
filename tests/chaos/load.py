"""Chaos load: tills and phones that keep sending to an embedded stack, and a log of the answers that they got."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from schemas.ids import derived
from tests.support.full_stack import FullStack
from tests.support.hangs import HANG_S
from tests.support.randomness import unique_word

MAX_RECOVERY_S = 10.0 * (10 if "PYTEST_XDIST_WORKER" in os.environ else 1)
"""The promise is for a machine with one stack; with pytest-xdist the machine also runs the stacks of other tests."""
MAX_SCAN_S = 1.5 * (10 if "PYTEST_XDIST_WORKER" in os.environ else 1)
"""The deadline of 250 ms, one synced write, and the queueing of a two-core machine under this load; likewise."""
OCCURRED_AT = "2026-06-01T12:00:00Z"
REWARD_RULE = "purchase"


@dataclass
class ClientLog:
    """Answers of the gateway.

    :param event_ids, scan_ids: acknowledged. :param sale_points: the points that each acknowledged sale earns.
    :param outcomes: number of scans by outcome. :param refused_batches: answered with 503.
    :param unrecorded_scans: scans whose answer names no event. :param violations: answers that break the API's
        contract or a time limit.
    """

    event_ids: set[str] = field(default_factory=set)
    scan_ids: set[str] = field(default_factory=set)
    sale_points: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    refused_batches: int = 0
    unrecorded_scans: int = 0
    slowest_scan_s: float = 0.0
    slowest_batch_s: float = 0.0
    violations: list[str] = field(default_factory=list)


class ChaosLoad:
    """Tills and phones that send without end, at the normal rate until `flood`."""

    def __init__(self, stack: FullStack) -> None:
        run = stack.run
        self.stack = stack
        self.client_log = ClientLog()
        self._gateway, self._scan_url, self._api_key = run["gateway"], run["demo"]["scan"], run["api_key"]
        self.normal_rate()
        self._run_name = unique_word()
        self._generated = 0

    @asynccontextmanager
    async def running(self, tills: int = 2, phones: int = 2) -> AsyncIterator[None]:
        """Sends for the duration of the block; at its end all requests have their answer."""
        stopped = asyncio.Event()
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session:
            clients = [asyncio.create_task(self._till(session, stopped)) for _ in range(tills)]
            clients += [asyncio.create_task(self._phone(session, stopped)) for _ in range(phones)]
            try:
                yield
            finally:
                stopped.set()
                await asyncio.gather(*clients)

    async def time_to_recover(self, within_s: float = MAX_RECOVERY_S) -> float:
        """Seconds from now until scans are routed, events are accepted, and the row of a new event can be read.

        :raises AssertionError: it takes longer than ``within_s``.
        """
        began = time.monotonic()
        await self.wait_until(lambda: self._is_routed(), "a routed scan", within_s)
        left_s = within_s - (time.monotonic() - began)
        await self.wait_until(lambda: self._is_accepted(), "an accepted event", left_s)
        left_s = within_s - (time.monotonic() - began)
        last = self._last_event_id
        await self.wait_until(
            lambda: asyncio.to_thread(self._has_row, last), "the row of an event sent after the fault", left_s
        )
        return time.monotonic() - began

    def flood(self) -> None:
        """Sends more and longer events from now on than two cores can process beside the scans, to fill disks."""
        self._pause_s, self._batch_events, self._text = 0.02, 50, "x" * 3000

    def normal_rate(self) -> None:
        """Sends at the normal rate from now on, so that a recovery need not process a flood first."""
        self._pause_s, self._batch_events, self._text = 0.1, 10, ""

    async def hold(self, seconds: float) -> None:
        """Lets the load run while a fault lasts."""
        await asyncio.sleep(seconds)

    async def wait_for_outcome(self, outcome: str) -> None:
        """Waits until at least 80 % of the scans of one second, and at least 5 of them, have this outcome."""
        outcomes = self.client_log.outcomes

        async def prevails() -> bool:
            before, scans_before = outcomes.get(outcome, 0), sum(outcomes.values())
            await asyncio.sleep(1)
            scans = sum(outcomes.values()) - scans_before
            return scans >= 5 and outcomes.get(outcome, 0) - before >= 0.8 * scans

        await self.wait_until(prevails, f"scans with the outcome {outcome}")

    async def wait_for_refusals(self) -> None:
        """Waits until three batches of this load were refused."""

        async def has_refusals() -> bool:
            return self.client_log.refused_batches >= 3

        await self.wait_until(has_refusals, "refused batches")

    async def wait_until(self, condition: Callable[[], Any], what: str, timeout_s: float = HANG_S) -> None:
        """Waits until the awaited condition is true. :raises AssertionError: it is not within ``timeout_s``."""
        end = time.monotonic() + timeout_s
        while not await condition():
            assert time.monotonic() < end, f"waited {timeout_s:.1f} s in vain for {what}; {self.describe()}"
            await asyncio.sleep(0.05)

    def describe(self) -> str:
        log = self.client_log
        return (
            f"{len(log.event_ids)} events and {len(log.scan_ids)} scans acknowledged, "
            f"{log.refused_batches} batches refused, scans {log.outcomes}, {log.unrecorded_scans} not recorded, "
            f"slowest scan {log.slowest_scan_s:.2f} s, batch {log.slowest_batch_s:.2f} s"
        )

    async def _is_routed(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(self._scan_url, allow_redirects=False) as answer:
            return answer.headers["Footpath-Outcome"] == "routed"

    async def _is_accepted(self) -> bool:
        async with aiohttp.ClientSession() as session:
            return await self._send(session, [self._event()])

    def _has_row(self, event_id: str) -> bool:
        return bool(self.stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{event_id}'"))

    async def _till(self, session: aiohttp.ClientSession, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            events = [self._event() for _ in range(self._batch_events)]
            while not await self._send(session, events) and not stopped.is_set():
                pass
            await asyncio.sleep(self._pause_s)

    async def _send(self, session: aiohttp.ClientSession, events: list[dict[str, Any]]) -> bool:
        """Whether the batch was accepted. A refusal must be 503 with Retry-After; this returns half a second later."""
        log, began = self.client_log, time.monotonic()
        headers = {"Authorization": f"Bearer {self._api_key}"}
        async with session.post(f"{self._gateway}/v1/events", json={"events": events}, headers=headers) as answer:
            body = await answer.json()
        log.slowest_batch_s = max(log.slowest_batch_s, time.monotonic() - began)
        if answer.status == 202:
            for event, result in zip(events, body["results"], strict=True):
                if result["status"] not in ("accepted", "duplicate"):
                    log.violations.append(f"event {result}")
                log.event_ids.add(event["event_id"])
                if event["type"] == "sale":
                    log.sale_points[event["event_id"]] = int(float(event["properties"]["amount"]))
            return True
        log.refused_batches += 1
        if answer.status != 503 or int(answer.headers.get("Retry-After", "0")) < 1:
            log.violations.append(f"events: {answer.status} {dict(answer.headers)} {body}")
        await asyncio.sleep(0.5)
        return False

    async def _phone(self, session: aiohttp.ClientSession, stopped: asyncio.Event) -> None:
        log = self.client_log
        while not stopped.is_set():
            began = time.monotonic()
            async with session.get(self._scan_url, allow_redirects=False) as answer:
                await answer.read()
            took_s = time.monotonic() - began
            log.slowest_scan_s = max(log.slowest_scan_s, took_s)
            outcome = answer.headers.get("Footpath-Outcome", "")
            if answer.status not in (200, 302) or outcome not in ("routed", "fallback"):
                log.violations.append(f"scan: {answer.status} {dict(answer.headers)}")
            if took_s > MAX_SCAN_S:
                log.violations.append(f"scan: {outcome} after {took_s:.2f} s")
            event_id = answer.headers.get("Footpath-Event")
            log.scan_ids |= {event_id} - {None}
            log.unrecorded_scans += not event_id
            log.outcomes[outcome] = log.outcomes.get(outcome, 0) + 1
            await asyncio.sleep(self._pause_s)

    def _event(self) -> dict[str, Any]:
        self._generated += 1
        number = self._generated
        event_id = self._last_event_id = derived("chaos-load", self._run_name, str(number))
        event: dict[str, Any] = {
            "event_id": event_id,
            "occurred_at": OCCURRED_AT,
            "identifiers": [{"type": "customer", "value": f"{self._run_name}-{number % 50}"}],
        }
        if number % 5 == 0:
            amount = f"{number % 90 + 1}.50"
            return event | {"type": "sale", "properties": {"amount": amount, "currency": "EUR"}}
        return event | {"type": "page_view", "properties": {"text": self._text} if self._text else {}}


async def assert_nothing_lost(load: ChaosLoad) -> None:
    """Asserts that every acknowledged event and scan is stored once, and that every sale has its reward once."""
    log, stack = load.client_log, load.stack
    assert not log.violations, (log.violations[:5], len(log.violations), load.describe())
    acknowledged = log.event_ids | log.scan_ids

    def stored_ids() -> list[str]:
        return [row["event_id"] for row in stack.rows("SELECT event_id FROM touchpoint")]

    def posted_points() -> dict[str, list[int]]:
        points: dict[str, list[int]] = {}
        query = f"SELECT source_event_id, points FROM reward_posted FINAL WHERE rule = '{REWARD_RULE}'"
        for row in stack.rows(query):
            points.setdefault(row["source_event_id"], []).append(row["points"])
        return points

    async def are_stored() -> bool:
        return acknowledged <= set(await asyncio.to_thread(stored_ids))

    async def are_rewarded() -> bool:
        return log.sale_points.keys() <= (await asyncio.to_thread(posted_points)).keys()

    await load.wait_until(are_stored, "everything that was acknowledged")
    await load.wait_until(are_rewarded, "every sale's reward")
    ids, rewards = stored_ids(), posted_points()
    assert len(ids) == len(set(ids)), "an event is stored twice"
    assert {sale: rewards[sale] for sale in log.sale_points} == {
        sale: [points] for sale, points in log.sale_points.items()
    }
    assert all(len(points) == 1 for points in rewards.values()), "a reward is posted twice"
