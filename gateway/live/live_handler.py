"""``GET /v1/events/{id}/live``: server-sent events of a scan, for the page that it was answered with.

``decision`` comes at once, ``reward`` for each entry of the points ledger that the scan caused, ``end`` when there is
nothing more to wait for: some seconds after a reward, or after a minute. The address is in the page; it is good for ten
minutes and for the device whose cookie the request has.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse

from gateway.http.client_limit import ClientLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.landing.live_address import Decided, LiveAddresses
from gateway.live.rewards import PostedRewards
from gateway.live.streams import LiveStreams
from gateway.publish.clock import Clock
from gateway.scan.device import DeviceCookies, cookies_of
from schemas.events import RewardPosted

LISTEN_S: Final = 60.0
QUIET_S: Final = 5.0
"""After a reward, for another one of the same scan: they are posted together."""
HEARTBEAT_S: Final = 15.0
"""Proxies close what is silent for longer."""
HEARTBEAT: Final = b": \n\n"
HEADERS: Final = {"X-Accel-Buffering": "no"}
"""So that proxies pass each event on as it comes."""
_encode = msgspec.json.Encoder().encode


class LiveHandler:
    """:param tls: clients reach the gateway by HTTPS even where their connection to it is plain."""

    def __init__(
        self,
        addresses: LiveAddresses,
        rewards: PostedRewards,
        streams: LiveStreams,
        clients: ClientLimit,
        devices: DeviceCookies,
        clock: Clock,
        tls: bool,
    ) -> None:
        self._addresses = addresses
        self._rewards = rewards
        self._streams = streams
        self._clients = clients
        self._devices = devices
        self._clock = clock
        self._tls = tls

    async def live_events(self, request: Request) -> StreamingResponse:
        """:raises RequestError: ADDRESS_RATE, SATURATED or NO_LIVE."""
        client = self._clients.admit(request.scope)
        event_id, query = request.path_params["id"], request.query_params
        decided = Decided(query.get("moment", ""), query.get("route", ""))
        now_s = self._clock.now_us() / 1_000_000
        device = self._devices.known(cookies_of(request.scope["headers"]), client.https or self._tls, now_s)
        sent, key = query.get("at", ""), query.get("key", "")
        if device is None or not self._addresses.is_for(event_id, device.id, decided, sent, key, now_s):
            raise RequestError(ErrorKind.NO_LIVE, "this phone has no page of that scan, or had it too long ago")
        self._streams.check(client.address)
        events = self._events(event_id, decided, client.address)
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)

    async def _events(self, event_id: str, decided: Decided, address: str) -> AsyncIterator[bytes]:
        ends_s = time.monotonic() + LISTEN_S
        seen: set[str] = set()
        with self._streams.one(address), self._rewards.listener(event_id) as rewards:
            yield written("decision", decided._asdict())
            while (left_s := ends_s - time.monotonic()) > 0 and not self._streams.stopping.is_set():
                reward = await self._next(rewards, min(left_s, HEARTBEAT_S))
                if reward is None:
                    yield HEARTBEAT
                elif reward.event_id not in seen:
                    seen.add(reward.event_id)
                    ends_s = min(ends_s, time.monotonic() + QUIET_S)
                    yield written("reward", {"points": reward.points, "rule": reward.rule, "kind": reward.kind})
        yield written("end", {})

    async def _next(self, rewards: "asyncio.Queue[RewardPosted]", timeout_s: float) -> RewardPosted | None:
        """The next reward; None after so long, or when the gateway stops."""
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(rewards.get()),
            asyncio.create_task(self._streams.stopping.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0] in done else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def written(name: str, data: dict[str, Any]) -> bytes:
    """An event as the stream carries it (HTML standard, server-sent events)."""
    return f"event: {name}\ndata: {_encode(data).decode()}\n\n".encode()
