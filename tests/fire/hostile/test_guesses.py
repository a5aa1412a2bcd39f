"""The fault: somebody guesses API keys and cookies, near misses of real ones among them.

The promise: every wrong key gets the same answer; no guessed or damaged cookie is ever another person's.
"""

import asyncio
import random
import secrets
import string
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest

from gateway.device import COOKIE
from schemas.topics import TOUCHPOINT_RECORDED
from tests.fire.seeds import draw_seed
from tests.gateway.street import GatewayProcess, Phone, page_view, read_back

KEY = "till-secret"
AT_ONCE = 8


@pytest.fixture
async def phone(gateway: GatewayProcess) -> AsyncIterator[Phone]:
    async with Phone(gateway) as one:
        yield one


def near(secret: str) -> list[str]:
    """What looks like the secret and is not."""
    return [
        secret[:-1], secret + secret[-1], secret.swapcase(), secret[::-1], f"{secret}%00", f"{secret}=", f"x{secret}",
        *(secret[:at] + chr(ord(secret[at]) ^ 1) + secret[at + 1 :] for at in range(len(secret))),
    ]  # fmt: skip


async def test_every_wrong_key_gets_the_same_answer(phone: Phone, long: bool) -> None:
    chance = random.Random(draw_seed())
    letters = string.ascii_lowercase + "-"
    guesses = ["".join(chance.choices(letters, k=len(KEY))) for _ in range(20_000 if long else 300)]
    known_hash = "sha256:f006509cb63476fb1f057fd2a307f8ebdf839503f055e587051ed3f4ee7bd970"

    async def told(key: str) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
        # A gateway that is busy says so before it looks at a key.
        while (answer := await phone.send(page_view(), key=key)).status == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        headers = tuple(sorted((name, value) for name, value in answer.headers.items() if name.lower() != "date"))
        return answer.status, await answer.read(), headers

    wrong = [*guesses, *near(KEY), known_hash, "", "käse", "x" * 5000]
    answers = set()
    for start in range(0, len(wrong), AT_ONCE):
        answers.update(await asyncio.gather(*(told(key) for key in wrong[start : start + AT_ONCE])))
    assert len(answers) == 1, answers
    ((status, body, _),) = answers
    assert status == 401 and KEY.encode() not in body
    assert (await phone.send(page_view(), key=KEY)).status == 202


async def test_no_guessed_cookie_is_anothers(gateway: GatewayProcess, street: str, long: bool) -> None:
    victim = await scan_with(gateway, "")
    forged = [secrets.token_urlsafe(16) for _ in range(5000 if long else 60)]
    odd = [f"{victim[1]}; {COOKIE}=x", "null", "undefined", "0" * 22 + "=", "../../etc/passwd", "%00" * 8, "ä" * 22]
    wrong = [*forged, *near(victim[1]), *odd]
    results = [await scan_with(gateway, cookie) for cookie in wrong]
    assert all(device != victim[1] for _, device in results)
    ids = {event_id for event_id, _ in [victim, *results] if event_id}
    recorded = await read_back(street, TOUCHPOINT_RECORDED, lambda event: event.event_id in ids, len(ids))
    (anchor,) = {event.anchor for event in recorded if event.event_id == victim[0]}
    assert {event.event_id for event in recorded if event.anchor == anchor} == {victim[0]}
    assert await scan_with(gateway, victim[1]) != victim, "only the very cookie is that phone"


async def scan_with(gateway: GatewayProcess, cookie: str) -> tuple[str, str]:
    """Id of the recorded scan and the device that the answer's cookie names."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with Phone(gateway, **headers) as stranger:
        answer = await stranger.scan("shelf-1")
    assert answer.status == 302
    device = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value
    return answer.headers.get("Footpath-Event", ""), device
