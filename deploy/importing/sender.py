"""Sends batches to the gateway's events API, as often as it takes, one at a time: events never overtake each other."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from deploy.errors import Refused
from deploy.importing.lines import Line
from deploy.target import Target

REQUEST_TIMEOUT_S = 60.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
# What the gateway says of a batch because of one event in it: the batch is cut in halves until that event is alone.
DIVISIBLE = frozenset({400, 413, 422})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an event: ``accepted``, ``duplicate`` or ``rejected`` with a reason."""

    status: str
    reason: str = ""


class Sender:
    """:param give_up_after_s: how long the gateway may go without taking a batch. :param say: told about every wait."""

    def __init__(
        self, session: aiohttp.ClientSession, target: Target, give_up_after_s: float, say: Callable[[str], None]
    ) -> None:
        self._session = session
        self._url = f"{target.gateway}/v1/events"
        self._headers = {"Authorization": f"Bearer {target.api_key}", "Content-Type": "application/json"}
        self._give_up_after_s = give_up_after_s
        self._say = say

    async def send(self, events: Sequence[Line]) -> list[Verdict]:
        """The verdict on each event. :raises Refused: the gateway refuses the key, or takes nothing for too long."""
        if not events:
            return []
        status, answer = await self._post(b'{"events":[%s]}' % b",".join(event.text for event in events))
        if status == 202:
            return _verdicts(answer, len(events))
        if status in DIVISIBLE:
            if len(events) == 1:
                return [Verdict("rejected", f"{status} {_reason(answer)}".strip())]
            middle = len(events) // 2
            return await self.send(events[:middle]) + await self.send(events[middle:])
        if status in (401, 403):
            raise Refused(
                f"the gateway refuses the key ({status}): set FOOTPATH_API_KEY to one with scope events:write"
            )
        raise Refused(f"{self._url} answered {status}: is this Footpath's gateway? {_reason(answer)}".strip())

    async def _post(self, body: bytes) -> tuple[int, Any]:
        began, pause_s = time.monotonic(), FIRST_PAUSE_S
        while True:
            try:
                async with self._session.post(self._url, data=body, headers=self._headers) as response:
                    if response.status not in PASSING:
                        return response.status, await _json(response)
                    problem, wait_s = f"answered {response.status}", _retry_after_s(response)
            except (aiohttp.ClientError, TimeoutError) as error:
                problem, wait_s = str(error) or type(error).__name__, None
            if time.monotonic() - began > self._give_up_after_s:
                raise Refused(
                    f"{self._url} took nothing for {self._give_up_after_s:g} s ({problem}): see whether the gateway "
                    "runs, then import again, it goes on where it stopped"
                )
            wait_s = pause_s if wait_s is None else min(wait_s, self._give_up_after_s)
            if wait_s >= 1:
                self._say(f"the gateway cannot take more right now ({problem}); again in {wait_s:g} s")
            await asyncio.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def build_session() -> aiohttp.ClientSession:
    """A session that keeps its connection between batches."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S))


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return {}


def _verdicts(answer: Any, count: int) -> list[Verdict]:
    results = answer.get("results", ()) if isinstance(answer, dict) else ()
    if len(results) != count:
        raise Refused(f"the gateway answered {len(results)} verdicts on {count} events: is this Footpath's gateway?")
    return [Verdict(result["status"], result.get("reason") or "") for result in results]


def _reason(answer: Any) -> str:
    return str(answer.get("reason") or answer.get("error") or "") if isinstance(answer, dict) else ""


def _retry_after_s(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
