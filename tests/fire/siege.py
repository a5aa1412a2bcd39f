"""A street under load that keeps its own book of what it was told, and the questions that end each siege."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from schemas.ids import derived
from tests.randomness import unique_word
from tests.stack.whole import Street

HEALS_WITHIN_S = 10.0 * (3 if "PYTEST_XDIST_WORKER" in os.environ else 1)
"""The promise is for a machine of its own: where other tests run beside, healing has to share it with their systems."""
SCAN_WITHIN_S = 1.5
"""The deadline of 250 ms, one synced write, and what a machine of two cores under siege adds."""
AT = "2026-06-01T12:00:00Z"
RULE = "purchase"


@dataclass
class Book:
    """What the gateway said. ``events`` and ``scans`` are acknowledged ids, ``sales`` the points that sales earn."""

    events: set[str] = field(default_factory=set)
    scans: set[str] = field(default_factory=set)
    sales: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    unrecorded: int = 0
    slowest_scan_s: float = 0.0
    slowest_batch_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Siege:
    """Tills and phones that never stop, with as many events as on any day until it swells."""

    def __init__(self, street: Street) -> None:
        run = street.run
        self.street = street
        self.book = Book()
        self._gateway, self._scan, self._key = run["gateway"], run["demo"]["scan"], run["api_key"]
        self.eases()
        self._run = unique_word()
        self._made = 0

    @asynccontextmanager
    async def under_way(self, tills: int = 2, phones: int = 2) -> AsyncIterator[None]:
        """Load as long as the block lasts; afterwards nobody waits for an answer any more."""
        over = asyncio.Event()
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session:
            at_work = [asyncio.create_task(self._till(session, over)) for _ in range(tills)]
            at_work += [asyncio.create_task(self._phone(session, over)) for _ in range(phones)]
            try:
                yield
            finally:
                over.set()
                await asyncio.gather(*at_work)

    async def healed(self, within_s: float = HEALS_WITHIN_S) -> float:
        """Seconds until scans are routed, events are taken and their rows can be read, counted from now."""
        began = time.monotonic()
        await self.reached(lambda: self._is_routed(), within_s, "a routed scan")
        left_s = within_s - (time.monotonic() - began)
        await self.reached(lambda: self._is_taken(), left_s, "an event that is taken")
        left_s = within_s - (time.monotonic() - began)
        last = self._last
        await self.reached(
            lambda: asyncio.to_thread(self._has_row, last), left_s, "the row of an event sent after the fault"
        )
        return time.monotonic() - began

    def swells(self) -> None:
        """From now on more and longer events than two cores can take beside the phones: disks are to fill up."""
        self._pause_s, self._batch, self._text = 0.02, 50, "x" * 3000

    def eases(self) -> None:
        """From now on as many events as on any day: what heals is not to run after a flood."""
        self._pause_s, self._batch, self._text = 0.1, 10, ""

    async def lasts(self, seconds: float) -> None:
        """The load goes on for as long as a fault is to last."""
        await asyncio.sleep(seconds)

    async def is_going(self, outcome: str) -> None:
        """Waits until scans have this outcome and hardly another."""
        outcomes = self.book.outcomes

        async def holds() -> bool:
            before, asked = outcomes.get(outcome, 0), sum(outcomes.values())
            await asyncio.sleep(1)
            more = sum(outcomes.values()) - asked
            return more >= 5 and outcomes.get(outcome, 0) - before >= 0.8 * more

        await self.reached(holds, HEALS_WITHIN_S, f"scans that are {outcome}")

    async def is_refused(self, within_s: float) -> None:
        """Waits until batches are refused."""

        async def holds() -> bool:
            return self.book.refused >= 3

        await self.reached(holds, within_s, "a refusal")

    async def reached(self, holds: Callable[[], Any], timeout_s: float, what: str) -> None:
        end = time.monotonic() + timeout_s
        while not await holds():
            assert time.monotonic() < end, f"waited {timeout_s:.1f} s in vain for {what}; {self.describe()}"
            await asyncio.sleep(0.05)

    def describe(self) -> str:
        book = self.book
        return (
            f"{len(book.events)} events and {len(book.scans)} scans acknowledged, {book.refused} batches refused, "
            f"scans {book.outcomes}, {book.unrecorded} not recorded, slowest scan {book.slowest_scan_s:.2f} s, "
            f"batch {book.slowest_batch_s:.2f} s"
        )

    async def _is_routed(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(self._scan, allow_redirects=False) as answer:
            return answer.headers["Footpath-Outcome"] == "routed"

    async def _is_taken(self) -> bool:
        async with aiohttp.ClientSession() as session:
            return await self._send(session, [self._event()])

    def _has_row(self, event_id: str) -> bool:
        return bool(self.street.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{event_id}'"))

    async def _till(self, session: aiohttp.ClientSession, over: asyncio.Event) -> None:
        while not over.is_set():
            events = [self._event() for _ in range(self._batch)]
            while not await self._send(session, events) and not over.is_set():
                pass
            await asyncio.sleep(self._pause_s)

    async def _send(self, session: aiohttp.ClientSession, events: list[dict[str, Any]]) -> bool:
        """Whether the batch was taken; a refusal has to be honest, and is waited out for a moment."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self._key}"}
        async with session.post(f"{self._gateway}/v1/events", json={"events": events}, headers=headers) as answer:
            body = await answer.json()
        self.book.slowest_batch_s = max(self.book.slowest_batch_s, time.monotonic() - began)
        if answer.status == 202:
            for event, verdict in zip(events, body["results"], strict=True):
                if verdict["status"] not in ("accepted", "duplicate"):
                    self.book.wrong.append(f"event {verdict}")
                self.book.events.add(event["event_id"])
                if event["type"] == "sale":
                    self.book.sales[event["event_id"]] = int(float(event["properties"]["amount"]))
            return True
        self.book.refused += 1
        if answer.status != 503 or int(answer.headers.get("Retry-After", "0")) < 1:
            self.book.wrong.append(f"events: {answer.status} {dict(answer.headers)} {body}")
        await asyncio.sleep(0.5)
        return False

    async def _phone(self, session: aiohttp.ClientSession, over: asyncio.Event) -> None:
        while not over.is_set():
            began = time.monotonic()
            async with session.get(self._scan, allow_redirects=False) as answer:
                await answer.read()
            took_s = time.monotonic() - began
            self.book.slowest_scan_s = max(self.book.slowest_scan_s, took_s)
            outcome = answer.headers.get("Footpath-Outcome", "")
            if answer.status not in (200, 302) or outcome not in ("routed", "fallback"):
                self.book.wrong.append(f"scan: {answer.status} {dict(answer.headers)}")
            if took_s > SCAN_WITHIN_S:
                self.book.wrong.append(f"scan: {outcome} after {took_s:.2f} s")
            event_id = answer.headers.get("Footpath-Event")
            self.book.scans |= {event_id} - {None}
            self.book.unrecorded += not event_id
            self.book.outcomes[outcome] = self.book.outcomes.get(outcome, 0) + 1
            await asyncio.sleep(self._pause_s)

    def _event(self) -> dict[str, Any]:
        self._made += 1
        event_id = self._last = derived("siege", self._run, str(self._made))
        event: dict[str, Any] = {
            "event_id": event_id,
            "occurred_at": AT,
            "identifiers": [{"type": "customer", "value": f"{self._run}-{self._made % 50}"}],
        }
        if self._made % 5 == 0:
            amount = f"{self._made % 90 + 1}.50"
            return event | {"type": "sale", "properties": {"amount": amount, "currency": "EUR"}}
        return event | {"type": "page_view", "properties": {"text": self._text} if self._text else {}}


async def is_kept(siege: Siege) -> None:
    """Everything acknowledged is in the views once, and every sale is paid once."""
    book, street = siege.book, siege.street
    assert not book.wrong, (book.wrong[:5], len(book.wrong), siege.describe())
    wanted = book.events | book.scans

    def there() -> list[str]:
        return [row["event_id"] for row in street.rows("SELECT event_id FROM touchpoint")]

    def paid() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        query = f"SELECT source_event_id, points FROM reward_posted FINAL WHERE rule = '{RULE}'"
        for row in street.rows(query):
            found.setdefault(row["source_event_id"], []).append(row["points"])
        return found

    async def is_there() -> bool:
        return wanted <= set(await asyncio.to_thread(there))

    async def is_paid() -> bool:
        return book.sales.keys() <= (await asyncio.to_thread(paid)).keys()

    await siege.reached(is_there, 30, "everything that was acknowledged")
    await siege.reached(is_paid, 30, "every sale's reward")
    ids, rewards = there(), paid()
    assert len(ids) == len(set(ids)), "an event is there twice"
    assert {sale: rewards[sale] for sale in book.sales} == {sale: [points] for sale, points in book.sales.items()}
    assert all(len(points) == 1 for points in rewards.values()), "a reward is there twice"
