"""Phones that scan tags and record every answer, and every request without one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException

from tests.support.client_thread import ClientThread
from tests.support.full_stack import FullStack
from tests.support.hangs import HANG_S

TAGS = ("mitte-door", "mitte-espresso", "kreuzberg-kettle", "pack-espresso", "poster-alex", "latte-art-night")


@dataclass(frozen=True)
class Scan:
    """The answer to a scan. ``event_id`` is empty when the gateway does not claim to have recorded the scan."""

    phone: str
    event_id: str
    outcome: str


@dataclass(frozen=True)
class MissingAnswer:
    """A request without an answer; times are of the monotonic clock, in seconds."""

    began: float
    ended: float
    error: str


@dataclass
class GatewayDowntime:
    """``spans`` are (killed, serving again), times of the monotonic clock in seconds."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def explains(self, missing: MissingAnswer) -> bool:
        """Whether the gateway was down during some of the request."""
        return any(missing.began <= serving and missing.ended >= killed for killed, serving in self.spans)


class PhoneClients(ClientThread):
    """Scans random tags with random phones. Each scan must be answered while the gateway runs, whatever else fails."""

    pause_s = 0.03

    def __init__(self, stack: FullStack, seed: int, count: int = 40) -> None:
        super().__init__(stack, seed)
        self.phones = [f"{self.random.getrandbits(128):022x}"[:22] for _ in range(count)]
        self.scans: list[Scan] = []
        self.missing_answers: list[MissingAnswer] = []

    def run_once(self) -> None:
        self.scan(self.random.choice(self.phones))

    def _link(self) -> str:
        """With a parameter of its own, so that no scan is a double tap."""
        return f"/s/{self.random.choice(TAGS)}?utm_id={self.random.getrandbits(64):x}"

    def scan(self, phone: str) -> Scan | None:
        """Scans a random tag; None when there was no answer."""
        began = time.monotonic()
        try:
            status, headers, _ = self.stack.get(self._link(), self.stack.device_cookie(phone))
        except (OSError, HTTPException) as error:
            self.missing_answers.append(MissingAnswer(began, time.monotonic(), repr(error)))
            return None
        outcome = headers["Footpath-Outcome"]
        if status not in (200, 302) or outcome not in ("routed", "fallback"):
            self.violations.append(f"a scan was answered {status} {outcome}")
        self.scans.append(scan := Scan(phone, headers["Footpath-Event"] or "", outcome))
        return scan

    def route_all(self, describe: Callable[[], str]) -> list[Scan]:
        """One routed scan of each phone; the phones are on every partition.

        :param describe: text for the failure when a phone gets no decision within :data:`HANG_S`.
        """
        end, routed = time.monotonic() + HANG_S, []
        for phone in self.phones:
            while (scan := self.scan(phone)) is None or scan.outcome != "routed":
                assert time.monotonic() < end, f"phone {phone} gets no decision\n{describe()}"
            routed.append(scan)
        return routed
