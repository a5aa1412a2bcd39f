"""Identity at one node: which person a touchpoint is of."""

from collections.abc import Callable
from typing import Any

import pytest

from processors.identity.core import PROCESSOR
from processors.identity.state import Node
from processors.step import Emit, Step
from schemas.events import IdentityChanged, IdentitySignalled, TouchpointIdentified
from schemas.ids import derived
from tests.support.builders import after, build_recorded, event_id, person, primary_identifier, scan, touch
from tests.support.harness import Harness, sentence
from tests.support.reference import reference


def node(stage: Harness, who: str) -> Any:
    kept = stage.records.get(primary_identifier(who))
    return None if kept is None else kept.state  # type: ignore[union-attr]


def test_a_first_touch_makes_a_person_and_names_them(identity: Harness) -> None:
    [first] = build_recorded(scan(name="first", amount_micros=5, properties='{"a":1}', reply_partition=3))
    fields = {name: getattr(first, name) for name in first.__struct_fields__}
    assert identity.apply(first) == [
        Emit(
            IdentityChanged(
                event_id=derived("identity", "appeared", person("anna")),
                occurred_at=first.occurred_at,
                change="appeared",
                person_id=person("anna"),
                identifier=primary_identifier("anna"),
                source_event_id=event_id("first"),
            )
        ),
        Emit(TouchpointIdentified(**fields, person_id=person("anna"), source_profile_id=person("anna"))),
    ]
    assert node(identity, "anna") == Node(first.occurred_at, person("anna"), used=True)


def test_later_touches_are_the_same_person(identity: Harness) -> None:
    story = build_recorded(scan(), after("2 days"), touch("page_view"), scan(who="ben"))
    assert identity.run(*story) == [
        "anna appeared",
        "scan-1 is anna",
        "page_view-1 is anna",
        "ben appeared",
        "scan-2 is ben",
    ]


def test_a_late_event_makes_a_person_older_and_not_newer(identity: Harness) -> None:
    early, late = build_recorded(scan(), after("1 day"), scan())
    assert identity.run(late, early) == ["anna appeared", "scan-2 is anna", "scan-1 is anna"]
    assert node(identity, "anna").first_seen == early.occurred_at


def test_a_probe_goes_through_and_leaves_no_person(identity: Harness) -> None:
    assert identity.run(*build_recorded(touch("probe"))) == ["probe-1 is anna"]
    assert identity.records == {}


def test_impossible_values_are_rejected(identity: Harness) -> None:
    wrong = [
        ({"primary_identifier": ""}, "rejected: invalid, primary_identifier is empty"),
        ({"occurred_at": -1}, "rejected: invalid, occurred_at is before 1970 or after 2100"),
        ({"occurred_at": 10**18}, "rejected: invalid, occurred_at is before 1970 or after 2100"),
        ({"amount_micros": -1}, "rejected: invalid, amount_micros is negative"),
    ]
    [fine] = build_recorded(scan())
    fields = {name: getattr(fine, name) for name in fine.__struct_fields__}
    for fault, rejected in wrong:
        assert [sentence(e) for e in identity.apply(type(fine)(**fields | fault))] == [rejected]
    assert identity.records == {}


def test_a_node_belongs_to_no_person_and_forgetting_it_has_no_effects(build_harness: Callable[..., Harness]) -> None:
    stage = build_harness(PROCESSOR, reference())
    stage.apply(*build_recorded(scan()))
    mine = node(stage, "anna")
    assert PROCESSOR.merge(None, mine) == PROCESSOR.merge(mine, mine) == Step(mine)
    assert PROCESSOR.erase(mine) == ()
    assert PROCESSOR.split(mine, person("anna")) == (mine, None)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x95\xafperson_assigned\xa2\xff\xfe\x01\xa1a\xc3"])
def test_a_signal_that_cannot_be_decoded_is_rejected(identity: Harness, body: bytes) -> None:
    [first] = build_recorded(scan())
    signal = IdentitySignalled(
        event_id="s",
        occurred_at=1,
        kind="edge_seen",
        identifier=primary_identifier("anna"),
        body=body,
        source_event_id=first.event_id,
    )
    assert [sentence(e).split(",")[0] for e in identity.apply(signal)] == ["rejected: malformed"]
    assert identity.records == {}


def test_an_override_needs_two_identifiers(identity: Harness) -> None:
    assert identity.run(*build_recorded(touch("identity_linked"))) == [
        "rejected: invalid, identifiers must be two different ones"
    ]
