"""Identity: who was it?"""

from collections.abc import Callable
from typing import Any

from processors.identity.core import PROCESSOR, Node
from processors.step import Emit, Step
from schemas.events import IdentityChanged, TouchpointIdentified
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
        Emit(TouchpointIdentified(**fields, person_id=person("anna"))),
    ]
    assert node(identity, "anna") == Node(person("anna"), first.occurred_at)


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


def test_joining_gives_the_older_node_whatever_the_order(play: Callable[..., Stage]) -> None:
    older, newer, twin = Node("b", 1), Node("a", 2), Node("c", 1)
    merge = play(PROCESSOR, world()).processor.merge
    assert merge(None, newer) == Step(newer)
    assert merge(older, newer) == merge(newer, older) == Step(older)
    assert merge(older, twin) == merge(twin, older) == Step(older)
    assert PROCESSOR.erase(older) == ()
