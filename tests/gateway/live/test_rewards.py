"""The rewards of a minute: whoever listens gets those of one scan, whether they were posted before or after."""

import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.landing.live_address import AHEAD_S, WITHIN_S, Decided, LiveAddresses
from gateway.live.rewards import RECENT_S, PostedRewards
from schemas.codec.avro import Codec
from schemas.events import RewardPosted

CODEC = Codec()
KEY, NOW_S = bytes(32), 1_800_000_000.0
SHELF = Decided("buy", "shelf")


def posted(event: str, rule: str = "scan", points: int = 5) -> bytes:
    reward = RewardPosted(
        event_id=f"{event}-{rule}", occurred_at=1, person_id="p", kind="earned", points=points, rule=rule,
        rule_version=1, source_event_id=event,
    )  # fmt: skip
    return CODEC.record(reward)[2]


def build() -> PostedRewards:
    return PostedRewards("127.0.0.1:1", CODEC)


def drained(listener: object) -> list[str]:
    found = []
    while not listener.empty():  # type: ignore[attr-defined]
        found.append(listener.get_nowait().rule)  # type: ignore[attr-defined]
    return found


async def test_a_page_gets_what_was_posted_before_it_asked_and_after() -> None:
    rewards = build()
    now_s = time.monotonic()
    rewards.take([posted("a"), posted("b")], now_s)
    with rewards.listener("a") as mine, rewards.listener("a") as another_tab, rewards.listener("c") as none:
        rewards.take([posted("b"), posted("a", "packaging")], now_s)
        assert drained(mine) == drained(another_tab) == ["scan", "packaging"]
        assert drained(none) == []
    rewards.take([posted("a", "late")], now_s)
    assert drained(mine) == [] and rewards._listeners == {}


async def test_what_nobody_waits_for_is_forgotten_and_what_is_no_record_ends_nothing() -> None:
    rewards = build()
    rewards.take([posted("a")], 0.0)
    rewards.take([b"a is no record", b""], RECENT_S + 1)
    assert len(rewards._recent) == 2
    rewards.take([posted(str(number)) for number in range(30_000)], RECENT_S + 1)
    assert len(rewards._recent) == 20_000


def address(event_id: str, device: str, decided: Decided, now_s: float = NOW_S) -> dict[str, str]:
    """The members of the address's query."""
    query = LiveAddresses(KEY, "/go").address(event_id, device, decided, now_s).decode().partition("?")[2]
    return dict(one.split("=") for one in query.replace("&amp;", "&").split("&"))


@given(st.text(max_size=40), st.text(max_size=40), st.text("abö<\"'&.-_", max_size=20))
def test_an_address_is_for_one_scan_one_device_and_one_decision(event_id: str, device: str, route: str) -> None:
    decided = Decided("buy", route)
    sent = LiveAddresses(KEY).address(event_id, device, decided, NOW_S).decode(errors="replace")
    assert '"' not in sent and "<" not in sent
    query = address(event_id, device, decided)
    addresses = LiveAddresses(KEY)

    def holds(
        event: str = event_id, who: str = device, what: Decided = decided, later_s: float = 0, **other: str
    ) -> bool:
        found = query | other
        return addresses.is_for(event, who, what, found["at"], found["key"], NOW_S + later_s)

    assert holds() and holds(later_s=WITHIN_S) and holds(later_s=-AHEAD_S)
    assert not (holds(later_s=WITHIN_S + 1) or holds(later_s=-AHEAD_S - 1))
    assert not (holds(event=event_id + "x") or holds(who=device + "x") or holds(what=Decided("buy", route + "x")))
    assert not (holds(at="1800000001") or holds(at="٣") or holds(at="") or holds(key="é") or holds(key=""))
    assert not LiveAddresses(bytes(range(32))).is_for(event_id, device, decided, query["at"], query["key"], NOW_S)
