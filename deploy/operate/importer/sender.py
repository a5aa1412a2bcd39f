"""Sends batches to the gateway's events API with retries, one request at a time, so that events keep their order."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from deploy.operate.importer.lines import Line
from deploy.target import Target
from gateway.events_api.results import BACKLOG, SCAN_DELAY, Status
from schemas.process.errors import OperatorError

REQUEST_TIMEOUT_S = 60.0
FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 10.0
# Status codes that a single event of a batch can cause: the batch is halved until that event is alone.
DIVISIBLE = frozenset({400, 413, 422})
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class EventResult:
    """The gateway's answer for one event: ``accepted``, ``duplicate``; ``rejected`` or ``conflict`` with a reason."""

    status: str
    reason: str = ""

    @property
    def is_rejected(self) -> bool:
        """Whether it is not in."""
        return self.status in (Status.REJECTED, Status.CONFLICT)


class Sender:
    """:param give_up_after_s: time without an accepted request after which `send` raises. :param notify: called with
    one line of text before every wait of a second or more. ``backlog``: events that the processors have not taken yet,
    and ``scan_delay_s``, how long scans wait for their decision, by the gateway's last answer to a large batch."""

    def __init__(
        self, session: aiohttp.ClientSession, target: Target, give_up_after_s: float, notify: Callable[[str], None]
    ) -> None:
        self._session = session
        self._url = f"{target.gateway}/v1/events"
        self._headers = {"Authorization": f"Bearer {target.api_key}", "Content-Type": "application/json"}
        self._give_up_after_s = give_up_after_s
        self._notify = notify
        self.backlog = 0
        self.scan_delay_s = 0.0

    async def send(self, events: Sequence[Line]) -> list[EventResult]:
        """The gateway's result of each event. Waits while the gateway is unavailable or overloaded.

        :raises OperatorError: the gateway refuses the key, or accepts nothing for too long.
        """
        if not events:
            return []
        status, answer = await self._post(b'{"events":[%s]}' % b",".join(event.text for event in events))
        if status == 202:
            return _results(answer, len(events))
        if status in DIVISIBLE:
            if len(events) == 1:
                return [EventResult("rejected", f"{status} {_reason(answer)}".strip())]
            middle = len(events) // 2
            return await self.send(events[:middle]) + await self.send(events[middle:])
        if status in (401, 403):
            raise OperatorError(
                f"the gateway refuses the key ({status}): set FOOTPATH_API_KEY to one with scope events:write"
            )
        raise OperatorError(f"{self._url} answered {status}: is this Footpath's gateway? {_reason(answer)}".strip())

    async def _post(self, body: bytes) -> tuple[int, Any]:
        began, backoff_s = time.monotonic(), FIRST_BACKOFF_S
        while True:
            try:
                async with self._session.post(self._url, data=body, headers=self._headers) as response:
                    if response.status not in RETRYABLE:
                        self.backlog = int(response.headers.get(BACKLOG, self.backlog))
                        self.scan_delay_s = float(response.headers.get(SCAN_DELAY, 1000 * self.scan_delay_s)) / 1000
                        return response.status, await _json(response)
                    problem, wait_s = f"answered {response.status}", _retry_after_s(response)
            except (aiohttp.ClientError, TimeoutError) as error:
                problem, wait_s = str(error) or type(error).__name__, None
            if time.monotonic() - began > self._give_up_after_s:
                raise OperatorError(
                    f"{self._url} accepted nothing for {self._give_up_after_s:g} s ({problem}): check that the gateway "
                    "runs, then run the command again, an import continues where it stopped"
                )
            wait_s = backoff_s if wait_s is None else min(wait_s, self._give_up_after_s)
            if wait_s >= 1:
                self._notify(f"the gateway accepts nothing at the moment ({problem}); next attempt in {wait_s:g} s")
            await asyncio.sleep(wait_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)


def build_session() -> aiohttp.ClientSession:
    """An HTTP session that keeps its connection between batches."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S))


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return {}


def _results(answer: Any, count: int) -> list[EventResult]:
    results = answer.get("results", ()) if isinstance(answer, dict) else ()
    if len(results) != count:
        raise OperatorError(
            f"the gateway answered {len(results)} results for {count} events: is this Footpath's gateway?"
        )
    return [EventResult(result["status"], result.get("reason") or "") for result in results]


def _reason(answer: Any) -> str:
    return str(answer.get("reason") or answer.get("error") or "") if isinstance(answer, dict) else ""


def _retry_after_s(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
