"""A request is carried out when all that it waits for has been said, in whatever order and however often."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import ErasureApplied, PrivacyAnswered, PrivacyResolved
from schemas.topics import ERASURE_APPLIED
from sinks.privacy.answers import answer
from sinks.privacy.progress import PROCESSORS, Progress

PROFILES = ("p1", "p2", "p3")


def resolved(number: int, action: str = "erase", profiles: tuple[str, ...] = PROFILES[:2]) -> PrivacyResolved:
    return PrivacyResolved(
        event_id=f"r{number}", occurred_at=5, request_id="r", action=action, scope="person",
        identifier=f"email:{number}", number=number, of=2, person_id="p1",
        identifiers=tuple(f"email:{one}" for one in profiles), source_profile_ids=profiles,
    )  # fmt: skip


def applied(processor: str, profile: str) -> ErasureApplied:
    return ErasureApplied(
        event_id=f"{processor}{profile}", occurred_at=5, request_id="r", processor=processor, source_profile_id=profile,
        removed=3,
    )  # fmt: skip


def answered(status: str, at: int = 5) -> PrivacyAnswered:
    return PrivacyAnswered(event_id=status, occurred_at=at, request_id="r", action="erase", status=status, body=b"")


ALL: list[Any] = [
    resolved(0), resolved(1, profiles=PROFILES[1:]), answered("working"),
    *(applied(processor, profile) for processor in PROCESSORS for profile in PROFILES),
]  # fmt: skip


def folded(events: list[Any]) -> Progress:
    progress = Progress("r")
    for event in events:
        progress.add(event)
    return progress


def test_all_who_remove_something_are_waited_for() -> None:
    assert set(PROCESSORS) == set(ERASURE_APPLIED.written_by)


@given(st.permutations(ALL), st.lists(st.sampled_from(ALL)))
def test_any_order_and_repetition_ends_in_the_same(events: list[Any], again: list[Any]) -> None:
    progress = folded([*events, *again])
    assert progress.next == "erase"
    assert set(progress.profiles) == set(PROFILES)
    assert progress.removed_by_processor() == dict.fromkeys(PROCESSORS, 9)


@given(st.permutations(ALL), st.sampled_from([one for one in ALL if not isinstance(one, PrivacyAnswered)]))
def test_whatever_is_missing_is_waited_for(events: list[Any], missing: Any) -> None:
    assert folded([one for one in events if one != missing]).next == "wait"


def test_what_is_answered_stays_answered() -> None:
    """The gateway's word that it took a request may be read after the answer: they are written by two processes."""
    assert folded([*ALL, answered("done"), answered("working")]).next == "wait"
    assert folded([answered("done"), *ALL]).next == "wait"


def test_a_request_that_concerns_nobody_is_not_called_done() -> None:
    assert folded([resolved(0, profiles=()), resolved(1, profiles=())]).next == "nobody"
    assert folded([resolved(0, profiles=()), resolved(1, "export")]).next == "data"


def test_what_a_gateway_said_of_a_request_is_repeated_and_who_stands_in_is_not() -> None:
    said = PrivacyAnswered(
        event_id="w", occurred_at=5, request_id="r", action="erase", status="working",
        detail='{"unknown":[{"type":"fax"}],"anonymous":"5b1b3dd0-1c5e-4b8e-9c39-8f6a4a3a1f10"}', body=b"",
    )  # fmt: skip
    progress = folded([*ALL, said])
    assert str(progress.anonymous) == "5b1b3dd0-1c5e-4b8e-9c39-8f6a4a3a1f10"
    assert json.loads(answer(progress, "done", 9, {"sha256": "x"}).detail) == {
        "unknown": [{"type": "fax"}], "sha256": "x",
    }  # fmt: skip
    odd = PrivacyAnswered(
        event_id="o", occurred_at=5, request_id="r", action="erase", status="working", detail="[]", body=b""
    )
    assert folded([odd]).stated == {}
