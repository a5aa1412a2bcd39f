"""Clients that do not trust the system: each keeps its own list of what it was told."""

import json
import threading
import time
import urllib.error
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.client import HTTPException
from random import Random
from typing import Self

from gateway.device import COOKIE
from tests.fire.crowd import Crowd, Json
from tests.stack.whole import Street

TAGS = ("mitte-door", "mitte-espresso", "kreuzberg-kettle", "pack-espresso", "poster-alex", "latte-art-night")
FRESH, AGAIN = 105, 45
"""Of each batch: new events, and such as were sent before."""
GIVE_UP_SHARE = 0.1
"""Of the batches that fail: they are not sent again, so nobody knows whether they were taken."""
JOIN_S = 30


class Client(AbstractContextManager["Client"]):
    """Works in a thread of its own, again and again with a pause in between, until the block ends."""

    pause_s = 0.05

    def __init__(self, street: Street, seed: int) -> None:
        self.street = street
        self.random = Random(seed)
        self.wrong: list[str] = []
        """What no client may ever see."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def act(self) -> None: ...

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(JOIN_S)
        assert not self._thread.is_alive(), "a client hangs"

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.act()
            except BaseException as bug:
                self.wrong.append(f"the client itself fails: {bug!r}")
                raise
            self._stopped.wait(self.pause_s)


class Till(Client):
    """Posts batches of the crowd's events out of order, 30 % of them sent before, until they are taken."""

    pause_s = 0.2

    def __init__(self, street: Street, seed: int, joining: bool = True) -> None:
        super().__init__(street, seed)
        self.crowd = Crowd(seed, joining=joining)
        self.acknowledged: set[str] = set()
        self.failures = 0

    def act(self) -> None:
        before = list(self.crowd.made.values())
        batch = self.crowd.events(FRESH)
        batch += self.random.choices(before or batch, k=AGAIN)
        self.random.shuffle(batch)
        while not self._is_taken(batch) and not self._stopped.is_set() and self.random.random() > GIVE_UP_SHARE:
            self._stopped.wait(0.1)

    def say_again(self, count: int) -> None:
        """Some of all events once more."""
        for _ in range(0, count, 500):
            assert self._is_taken(self.random.choices(list(self.crowd.made.values()), k=500))

    def _is_taken(self, batch: list[Json]) -> bool:
        try:
            verdicts = self.street.send(*batch)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                self.wrong.append(f"POST /v1/events: {refusal.code}")
        except (OSError, HTTPException, json.JSONDecodeError):
            pass
        else:
            self.wrong += [f"{verdict}" for verdict in verdicts if verdict["status"] not in ("accepted", "duplicate")]
            if [verdict["event_id"] for verdict in verdicts] != [event["event_id"] for event in batch]:
                self.wrong.append("verdicts in another order than the events")
            self.acknowledged.update(event["event_id"] for event in batch)
            return True
        self.failures += 1
        return False


@dataclass(frozen=True)
class Scan:
    """An answer: ``event`` is what the gateway claims to have recorded, empty when it claims nothing."""

    phone: str
    event: str
    outcome: str


@dataclass(frozen=True)
class Silence:
    """No answer between two times of the monotonic clock."""

    began: float
    ended: float
    why: str


@dataclass
class Down:
    """When the gateway itself was dead."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def excuses(self, silence: Silence) -> bool:
        return any(silence.began <= up and silence.ended >= dead for dead, up in self.spans)


class Phones(Client):
    """Scans tags. Whatever else is down, a phone gets an answer while the gateway lives."""

    pause_s = 0.03

    def __init__(self, street: Street, seed: int, count: int = 40) -> None:
        super().__init__(street, seed)
        self.phones = [f"{self.random.getrandbits(128):022x}"[:22] for _ in range(count)]
        self.scans: list[Scan] = []
        self.silences: list[Silence] = []

    def act(self) -> None:
        self.scan(self.random.choice(self.phones))

    def scan(self, phone: str) -> Scan | None:
        """One scan; None when there was no answer."""
        began = time.monotonic()
        try:
            status, headers, _ = self.street.get(f"/s/{self.random.choice(TAGS)}", f"{COOKIE}={phone}")
        except (OSError, HTTPException) as error:
            self.silences.append(Silence(began, time.monotonic(), repr(error)))
            return None
        outcome = headers["Footpath-Outcome"]
        if status not in (200, 302) or outcome not in ("routed", "fallback"):
            self.wrong.append(f"a scan was answered {status} {outcome}")
        self.scans.append(scan := Scan(phone, headers["Footpath-Event"] or "", outcome))
        return scan

    def all_routed(self, tell: Callable[[], str], timeout_s: float) -> list[Scan]:
        """One scan of each phone that the stream decided in time; phones of every partition are among them."""
        end, routed = time.monotonic() + timeout_s, []
        for phone in self.phones:
            while (scan := self.scan(phone)) is None or scan.outcome != "routed":
                assert time.monotonic() < end, f"phone {phone} gets no decision\n{tell()}"
            routed.append(scan)
        return routed
