"""``POST /v1/points/spend``: what a till is told, and that it is told the same again."""

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.brand.live import BrandView
from gateway.http.errors import RequestError
from gateway.http.responses import request_error_response
from gateway.identifiers.links import ValueLinks
from gateway.live.rewards import PostedRewards
from gateway.points import spend_handler
from gateway.points.spend_handler import SpendHandler
from gateway.publish.publisher import NotInKafka
from schemas.codec.avro import Codec
from schemas.events import Event, RewardPosted, TouchpointReceived
from schemas.points import stated_of

CODEC = Codec()
ASKED = {"redemption_id": "r-1", "identifier": {"type": "loyalty", "value": "4711"}, "points": 40}


class Stream:
    """Kafka and the processors in few lines: it spends of a balance, in lots of 25, once for each id."""

    def __init__(self, rewards: PostedRewards, balance: int) -> None:
        self.rewards = rewards
        self.balance = balance
        self.answers: dict[str, list[RewardPosted]] = {}
        self.events: list[TouchpointReceived] = []
        self.is_away = self.is_silent = False

    async def publish_to_kafka(self, events: Sequence[Event]) -> None:
        if self.is_away:
            raise NotInKafka
        for event in events:
            if isinstance(event, TouchpointReceived):
                self.events.append(event)
                if not self.is_silent:
                    self._decide(event)

    def _decide(self, event: TouchpointReceived) -> None:
        if event.event_id not in self.answers:
            stated = stated_of(event.properties)
            assert stated is not None
            taken = [min(25, stated.points - at) for at in range(0, stated.points, 25)]
            enough = stated.points <= self.balance
            self.balance -= stated.points if enough else 0
            moves = [("spent", -points) for points in taken] if enough else [("refused", 0)]
            self.answers[event.event_id] = [self._entry(event, n, *move) for n, move in enumerate(moves)]
        records = [CODEC.record(entry)[2] for entry in self.answers[event.event_id]]
        self.rewards.take([*records[1:], *records[:1], *records], time.monotonic())

    def _entry(self, event: TouchpointReceived, number: int, kind: str, points: int) -> RewardPosted:
        return RewardPosted(
            event_id=f"{event.event_id} {number}", occurred_at=1, person_id="p", kind=kind, points=points, rule="",
            rule_version=0, source_event_id=event.event_id, balance=self.balance,
        )  # fmt: skip


class Till:
    def __init__(self, brand_view: BrandView, balance: int = 100) -> None:
        rewards = PostedRewards("127.0.0.1:1", CODEC)
        self.stream = Stream(rewards, balance)
        clock: Any = SimpleNamespace(now_us=lambda: time.time_ns() // 1000)
        brand: Any = SimpleNamespace(view=lambda: brand_view)
        publisher: Any = self.stream
        handler = SpendHandler(brand, publisher, rewards, ValueLinks(), clock)
        app = Starlette(
            routes=[Route("/v1/points/spend", handler.points_spend, methods=["POST"])],
            exception_handlers={RequestError: request_error_response},  # type: ignore[dict-item]
        )
        self.client = TestClient(app)

    def spend(self, key: str = "till-secret", **changed: Any) -> tuple[int, dict[str, Any]]:
        answer = self.client.post("/v1/points/spend", json=ASKED | changed, headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, answer.json()


@pytest.fixture
def till(brand_view: BrandView) -> Till:
    return Till(brand_view)


def test_points_are_spent_and_what_is_left_is_said(till: Till) -> None:
    assert till.spend() == (200, {"redemption_id": "r-1", "points": 40, "balance": 60})
    [event] = till.stream.events
    assert event.type == "points_spent" and event.event_id == "till/r-1"


def test_the_same_again_is_told_the_same(till: Till) -> None:
    first = till.spend()
    assert till.spend() == first and till.stream.balance == 60
    assert till.spend(redemption_id="r-2") == (200, {"redemption_id": "r-2", "points": 40, "balance": 20})
    assert {event.content for event in till.stream.events if event.event_id == "till/r-1"} == {
        till.stream.events[0].content
    }, "the time of asking is no part of what is asked"


def test_all_or_nothing(till: Till) -> None:
    status, told = till.spend(points=101)
    assert (status, told["reason"], told["balance"]) == (409, "not_enough", 100)
    assert till.spend(points=101) == (status, told)


@pytest.mark.parametrize("changed", [{"points": 41}, {"identifier": {"type": "loyalty", "value": "4712"}}])
def test_an_id_is_of_one_redemption(till: Till, changed: dict[str, Any]) -> None:
    till.spend()
    status, told = till.spend(**changed)
    assert (status, told["reason"]) == (409, "conflict")
    assert till.stream.balance == 60


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"points": 0}, 422),
        ({"points": "4"}, 422),
        ({"points": -4}, 422),
        ({"redemption_id": "a b"}, 422),
        ({"identifier": {"type": "loyalty", "value": "null"}}, 422),
        ({"identifier": {"type": "nothing", "value": "4"}}, 422),
        ({"more": 1}, 422),
    ],
)
def test_what_cannot_be_is_said(till: Till, changed: dict[str, Any], status: int) -> None:
    found, told = till.spend(**changed)
    assert found == status and told["error"]
    assert till.stream.events == []


def test_keys_of_others_spend_nothing(till: Till) -> None:
    assert till.spend("nobody")[0] == 401
    assert till.spend("web-secret")[0] == 403


def test_without_an_answer_the_till_asks_again(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spend_handler, "WAIT_S", 0.05)
    till.stream.is_away = True
    assert till.spend()[0] == 503
    till.stream.is_away, till.stream.is_silent = False, True
    assert till.spend()[0] == 503
    till.stream.is_silent = False
    assert till.spend() == (200, {"redemption_id": "r-1", "points": 40, "balance": 60})


def test_the_body_must_be_json(till: Till) -> None:
    answer = till.client.post(
        "/v1/points/spend",
        content=b"points",
        headers={"Authorization": "Bearer till-secret", "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert msgspec.json.decode(answer.content)["error"]
