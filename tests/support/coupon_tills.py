"""Many tills that redeem coupons over HTTP, on connections that stay open."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

RETRY_S = 0.2
GIVE_UP_S = 120.0


@dataclass
class Tills:
    """:param gateway: its URL. ``answers`` has the status of each redemption by code and redemption id; ``waits`` how
    long each took in seconds, from when it was due."""

    gateway: str
    api_key: str
    answers: dict[tuple[str, str], int] = field(default_factory=dict)
    bodies: dict[tuple[str, str], Any] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    asked_again: int = 0

    async def race(self, code: str, count: int) -> list[int]:
        """So many tills redeem one code at once; gives the statuses."""
        async with self._session() as session:
            return await asyncio.gather(
                *(self.redeem(session, code, f"race-{number}", True) for number in range(count))
            )

    async def steady(self, codes: Sequence[str], per_s: float, basket: bool = True) -> None:
        """Redeems each code once, at a fixed rate: whoever stalls cannot hide it."""
        async with self._session() as session:
            began, tasks = time.perf_counter(), []
            for number, code in enumerate(codes):
                due = began + number / per_s
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                tasks.append(asyncio.create_task(self._timed(session, code, due, basket)))
            await asyncio.gather(*tasks)

    async def contest(self, codes: Sequence[str]) -> None:
        """Another till tries each code."""
        async with self._session() as session:
            for code in codes:
                await self.redeem(session, code, f"late-{code}", True)

    async def redeem(self, session: aiohttp.ClientSession, code: str, redemption: str, basket: bool) -> int:
        """One redemption; a till that got no answer asks again with the same id."""
        until = time.monotonic() + GIVE_UP_S
        body: dict[str, Any] = {"redemption_id": redemption, "store": "berlin-mitte"}
        if basket:
            body["basket"] = {
                "id": f"b-{redemption}",
                "total": "30.00",
                "lines": [{"sku": "KB-102", "amount": "30.00"}],
            }
        while time.monotonic() < until:
            try:
                async with session.post(f"{self.gateway}/v1/coupons/{code}/redeem", json=body) as response:
                    if response.status < 500 and response.status != 429:
                        self.answers[code, redemption] = response.status
                        self.bodies[code, redemption] = json.loads(await response.read())
                        return response.status
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            self.asked_again += 1
            await asyncio.sleep(RETRY_S)
        raise AssertionError(f"no answer to {redemption} of {code} for {GIVE_UP_S} s")

    async def _timed(self, session: aiohttp.ClientSession, code: str, due: float, basket: bool) -> None:
        await self.redeem(session, code, f"of-{code}", basket)
        self.waits.append(time.perf_counter() - due)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self.api_key}"},
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=30),
        )
