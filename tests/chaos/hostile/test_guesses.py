"""The fault: guessed API keys and cookies, near misses of real ones among them.

The promise: every wrong key gets the same response; no guessed or damaged cookie is ever taken for another device's.
"""

import asyncio
import random
import secrets
import string
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest

from gateway.scan.device import COOKIE
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view, read_events
from tests.support.seeds import draw_seed

KEY = "till-secret"
AT_ONCE = 8


@pytest.fixture
async def client(gateway: GatewayProcess) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(gateway) as one:
        yield one


def near_misses(secret: str) -> list[str]:
    """Near misses of the secret."""
    return [
        secret[:-1], secret + secret[-1], secret.swapcase(), secret[::-1], f"{secret}%00", f"{secret}=", f"x{secret}",
        *(secret[:at] + chr(ord(secret[at]) ^ 1) + secret[at + 1 :] for at in range(len(secret))),
    ]  # fmt: skip


async def test_every_wrong_key_gets_the_same_response(client: GatewayClient, long: bool) -> None:
    chance = random.Random(draw_seed())
    letters = string.ascii_lowercase + "-"
    guesses = ["".join(chance.choices(letters, k=len(KEY))) for _ in range(20_000 if long else 300)]
    known_hash = "sha256:f006509cb63476fb1f057fd2a307f8ebdf839503f055e587051ed3f4ee7bd970"

    async def response_to(key: str) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
        # A saturated gateway responds before it checks the key.
        while (response := await client.send(page_view(), key=key)).status == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        headers = tuple(sorted((name, value) for name, value in response.headers.items() if name.lower() != "date"))
        return response.status, await response.read(), headers

    wrong = [*guesses, *near_misses(KEY), known_hash, "", "käse", "x" * 5000]
    responses = set()
    for start in range(0, len(wrong), AT_ONCE):
        responses.update(await asyncio.gather(*(response_to(key) for key in wrong[start : start + AT_ONCE])))
    assert len(responses) == 1, responses
    ((status, body, _),) = responses
    assert status == 401 and KEY.encode() not in body
    assert (await client.send(page_view(), key=KEY)).status == 202


async def test_no_guessed_cookie_is_anothers(gateway: GatewayProcess, bootstrap: str, long: bool) -> None:
    victim = await scan_with(gateway, "")
    forged = [secrets.token_urlsafe(16) for _ in range(5000 if long else 60)]
    odd = [f"{victim[1]}; {COOKIE}=x", "null", "undefined", "0" * 22 + "=", "../../etc/passwd", "%00" * 8, "ä" * 22]
    wrong = [*forged, *near_misses(victim[1]), *odd]
    results = [await scan_with(gateway, cookie) for cookie in wrong]
    assert all(device != victim[1] for _, device in results)
    ids = {event_id for event_id, _ in [victim, *results] if event_id}
    recorded = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda event: event.event_id in ids, len(ids))
    (primary_identifier,) = {event.primary_identifier for event in recorded if event.event_id == victim[0]}
    assert {event.event_id for event in recorded if event.primary_identifier == primary_identifier} == {victim[0]}
    assert await scan_with(gateway, victim[1]) != victim, "only the very cookie is that phone"


async def scan_with(gateway: GatewayProcess, cookie: str) -> tuple[str, str]:
    """Id of the recorded scan and the device that the response's cookie names."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with GatewayClient(gateway, **headers) as stranger:
        response = await stranger.scan("shelf-1")
    assert response.status == 302
    device = SimpleCookie(response.headers["Set-Cookie"])[COOKIE].value
    return response.headers.get("Footpath-Event", ""), device
