"""Nothing is shown that is not written down first, and nobody goes through all customers."""

import asyncio
import json
from typing import Any

import pytest

from gateway.brand.live import BrandView
from gateway.http.errors import ErrorKind, RequestError
from gateway.metrics import Metrics
from gateway.privacy.answers import Answer
from gateway.privacy.request_ids import RequestIds
from gateway.publish.publisher import NotInKafka
from gateway.staff import looks as module
from gateway.staff.looks import Asker, Looks
from schemas.events import ProfileShown
from tests.support.profiles import ALLOWED, REFUSED

NOW = 1_790_000_000_000_000
TABLET = Asker("tablet", "page")


class Stream:
    """What is behind the gateway, in memory; ``status`` and ``data`` are its answer to everybody."""

    def __init__(self, data: Any = ALLOWED, status: str = "done") -> None:
        self.data = data
        self.status = status
        self.requests: list[Any] = []
        self.written: list[ProfileShown] = []
        self.is_away = False

    async def submit(self, request: Any) -> None:
        self.requests.append(request)

    async def wait(self, request_id: str, timeout_s: float) -> Answer:
        return Answer("profile", self.status, NOW, parts=1)

    def positions(self, request_id: str) -> list[tuple[int, int]]:
        return [(0, 0)]

    def check_key(self) -> None:
        """There is one."""

    async def whole(self, positions: Any, request_id: str) -> bytes:
        return self.data if isinstance(self.data, bytes) else json.dumps(self.data).encode()

    async def publish_to_kafka(self, events: list[ProfileShown]) -> None:
        if self.is_away:
            raise NotInKafka
        self.written += events


def ask(
    stream: Any, brand_view: BrandView, asker: Asker = TABLET, number: str = "1", count: int = 1, now: int = NOW
) -> Any:
    found = Looks(stream, stream, stream, RequestIds(b"k"), stream, Metrics())

    async def run() -> Any:
        return [await found.of("loyalty", number, asker, brand_view, now) for _ in range(count)][-1]

    return asyncio.run(run())


def refusal(stream: Any, brand_view: BrandView, **more: Any) -> ErrorKind:
    with pytest.raises(RequestError) as caught:
        ask(stream, brand_view, **more)
    return caught.value.kind


def test_a_look_that_cannot_be_written_down_shows_nothing(brand_view: BrandView) -> None:
    stream = Stream()
    stream.is_away = True
    assert refusal(stream, brand_view) is ErrorKind.NOT_IN_KAFKA


def test_an_answer_that_does_not_come_is_no_look(brand_view: BrandView) -> None:
    for status in ("working", "failed"):
        stream = Stream(status=status)
        assert refusal(stream, brand_view) is ErrorKind.NO_PROFILE_YET
        assert not stream.written


@pytest.mark.parametrize("data", [b"", b"[]", {"allowed": 1}, {"allowed": True, "balance": "much"}])
def test_an_answer_of_a_stranger_is_none(brand_view: BrandView, data: Any) -> None:
    stream = Stream(data)
    assert refusal(stream, brand_view) is ErrorKind.NO_PROFILE_YET
    assert not stream.written


def test_the_same_look_again_is_the_same_record(brand_view: BrandView) -> None:
    first, again = Stream(), Stream()
    assert ask(first, brand_view, now=NOW + 1) == ask(again, brand_view, now=NOW + 2)
    assert first.written == again.written
    badge = Stream()
    ask(badge, brand_view, asker=Asker("tablet", "badge"))
    assert badge.written[0].event_id != first.written[0].event_id, "a badge and a key of one id are two"
    other = Stream(REFUSED)
    assert ask(other, brand_view, asker=Asker("other", "page")) is None
    assert other.written[0].event_id != first.written[0].event_id and other.written[0].outcome == "refused"


def test_nobody_goes_through_all_customers(brand_view: BrandView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKS_AN_HOUR", 3)
    monkeypatch.setattr(module, "LOOKS_PER_S", 1_000)
    stream = Stream()
    assert refusal(stream, brand_view, count=4) is ErrorKind.PROFILE_RATE
    assert len(stream.requests) == 3
    sync = Asker("sync", "api", in_bulk=True)
    assert ask(stream, brand_view, asker=sync, count=4) is not None, "a system has its rate by the second"
