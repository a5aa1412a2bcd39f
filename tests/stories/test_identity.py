"""Identity: who was it?"""

from collections.abc import Callable
from typing import Any

import pytest

from processors.identity.core import PROCESSOR, Node
from processors.step import Emit, Step
from schemas.events import IdentityChanged, IdentitySignalled, TouchpointIdentified
from schemas.ids import derived
from tests.stories.stage import Stage, sentence
from tests.stories.telling import after, anchor, event_id, person, recorded, scan, touch
from tests.stories.world import world


def node(stage: Stage, who: str) -> Any:
    kept = stage.kept.get(anchor(who))
    return None if kept is None else kept.state  # type: ignore[union-attr]


def test_a_first_touch_makes_a_person_and_names_them(identity: Stage) -> None:
    [first] = recorded(scan(name="first", amount_micros=5, properties='{"a":1}', reply_partition=3))
    fields = {name: getattr(first, name) for name in first.__struct_fields__}
    assert identity.hears(first) == [
        Emit(
            IdentityChanged(
                event_id=derived("identity", "appeared", person("anna")),
                occurred_at=first.occurred_at,
                change="appeared",
                person_id=person("anna"),
                identifier=anchor("anna"),
                source_event_id=event_id("first"),
            )
        ),
        Emit(TouchpointIdentified(**fields, person_id=person("anna"), own_person_id=person("anna"))),
    ]
    assert node(identity, "anna") == Node(first.occurred_at, person("anna"), used=True)


def test_later_touches_are_the_same_person(identity: Stage) -> None:
    story = recorded(scan(), after("2 days"), touch("page_view"), scan(who="ben"))
    assert identity.plays(*story) == [
        "anna appeared",
        "scan-1 is anna",
        "page_view-1 is anna",
        "ben appeared",
        "scan-2 is ben",
    ]


def test_a_late_event_makes_a_person_older_and_not_newer(identity: Stage) -> None:
    early, late = recorded(scan(), after("1 day"), scan())
    assert identity.plays(late, early) == ["anna appeared", "scan-2 is anna", "scan-1 is anna"]
    assert node(identity, "anna").first_seen == early.occurred_at


def test_a_probe_goes_through_and_leaves_no_person(identity: Stage) -> None:
    assert identity.plays(*recorded(touch("probe"))) == ["probe-1 is anna"]
    assert identity.kept == {}


def test_what_cannot_be_is_refused(identity: Stage) -> None:
    wrong = [
        ({"anchor": ""}, "rejected: invalid, anchor is empty"),
        ({"occurred_at": -1}, "rejected: invalid, occurred_at is before 1970 or after 2100"),
        ({"occurred_at": 10**18}, "rejected: invalid, occurred_at is before 1970 or after 2100"),
        ({"amount_micros": -1}, "rejected: invalid, amount_micros is negative"),
    ]
    [fine] = recorded(scan())
    fields = {name: getattr(fine, name) for name in fine.__struct_fields__}
    for fault, complaint in wrong:
        assert [sentence(e) for e in identity.hears(type(fine)(**fields | fault))] == [complaint]
    assert identity.kept == {}


def test_a_node_is_nobodys_to_merge_or_to_owe(play: Callable[..., Stage]) -> None:
    stage = play(PROCESSOR, world())
    stage.hears(*recorded(scan()))
    mine = node(stage, "anna")
    assert PROCESSOR.merge(None, mine) == PROCESSOR.merge(mine, mine) == Step(mine)
    assert PROCESSOR.erase(mine) == ()
    assert PROCESSOR.split(mine, person("anna")) == (mine, None)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x95\xa5named\xa2\xff\xfe\x01\xa1a\xc3"])
def test_a_message_that_is_none_is_refused(identity: Stage, body: bytes) -> None:
    [first] = recorded(scan())
    signal = IdentitySignalled(
        event_id="s",
        occurred_at=1,
        kind="seen",
        identifier=anchor("anna"),
        body=body,
        source_event_id=first.event_id,
    )
    assert [sentence(e).split(",")[0] for e in identity.hears(signal)] == ["rejected: malformed"]
    assert identity.kept == {}


def test_an_operators_word_is_about_two(identity: Stage) -> None:
    assert identity.plays(*recorded(touch("identity_linked"))) == [
        "rejected: invalid, identifiers must be two different ones"
    ]
