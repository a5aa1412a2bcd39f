"""Likeness: who is probably the same person, though no identifier says so?"""

import random
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.likeness.core import PROCESSOR, merge
from processors.likeness.state import Block, Held
from processors.step import Drop, Effect, Emit, Reject
from processors.world import World
from schemas import reasons
from schemas.brand.model import Likeness
from schemas.events import IdentityLikened, Reason, TouchpointIdentified, TraitsBlocked
from schemas.likeness.blocks import MAX_RECORDS, traits_of
from schemas.likeness.model import LIKELY, Model, score
from schemas.likeness.traits import CONTACT, FIELDS, VISIT, encode_traits
from schemas.topics import IDENTITY_LIKENED
from tests.stories.conftest import Build
from tests.stories.stage import Stage
from tests.stories.telling import Chapter, after, person, told, touch
from tests.stories.world import world

KEY = b"a key of the stories"
SURE = (9.0, 7.0, 4.0, 1.0, -3.0, -4.0)
CONTACTS = Model(version="contacts-1", prior=-20.0, bits=dict.fromkeys(FIELDS[CONTACT], SURE))
VISITS = Model(version="visits-1", prior=-20.0, bits=dict.fromkeys(FIELDS[VISIT], SURE))
ANNA = {
    "given_name": "Anna",
    "family_name": "Jürgens",
    "birth_date": "1984-02-29",
    "postal_code": "10115",
    "street": "Ackerstraße",
    "house_number": "12a",
    "city": "Berlin",
}
ANNE = ANNA | {"given_name": "Ana", "family_name": "Juergens", "street": "Acker-Strasse"}
BEN = {"given_name": "Ben", "family_name": "Schuster", "birth_date": "1984-11-02", "postal_code": "10115"}
PHONE = {
    "device_model": "Pixel 12",
    "os": "Android 17.1",
    "browser": "Chrome 154",
    "language": "de-DE",
    "screen": "412",
}


def trained(*models: tuple[str, Model]) -> World:
    bare = world()
    likeness = {sort: Likeness(id=sort, model=model) for sort, model in models}
    return World(msgspec.structs.replace(bare.brand, likeness=likeness))


TRAINED = trained((CONTACT, CONTACTS), (VISIT, VISITS))


def tells(who: str, properties: dict[str, Any], type: str = "crm_contact", **fields: Any) -> Chapter:
    """A touchpoint as the gateway lets it through: what was told of somebody is encoded."""
    body = msgspec.json.encode({"traits": encode_traits(properties, KEY)}).decode()
    return touch(type, who, properties=body, **fields)


def sent(stage: Stage, *chapters: Chapter) -> list[TraitsBlocked]:
    """What goes to the blocks."""
    return [only(effect, TraitsBlocked) for effect in stage.hears(*told(*chapters))]


def meeting(stage: Stage, *chapters: Chapter) -> list[Effect]:
    """What follows when all records have come to their blocks."""
    return stage.hears(*sent(stage, *chapters))


def only(effect: Effect, kind: type[Any]) -> Any:
    assert isinstance(effect, Emit) and isinstance(effect.event, kind), effect
    return effect.event


@pytest.fixture
def likeness(play: Build) -> Stage:
    return play(PROCESSOR, TRAINED)


def test_two_spellings_of_one_person_are_told_with_their_reasons(likeness: Stage) -> None:
    links = [only(effect, IdentityLikened) for effect in meeting(likeness, tells("anna", ANNA), tells("cleo", ANNE))]
    link = links[0]
    assert {link.person_id, link.other_person_id} == {person("anna"), person("cleo")}
    assert link.person_id < link.other_person_id
    assert (link.change, link.model) == ("likened", "contacts-1")
    assert LIKELY <= link.probability <= 1
    assert link.bits == pytest.approx(CONTACTS.prior + sum(reason.bits for reason in link.reasons))
    told_of = {reason.field: reason for reason in link.reasons}
    assert told_of.keys() == ANNA.keys()
    assert told_of["birth_date"] == Reason("birth_date", 0, 9.0)
    assert told_of["street"] == Reason("street", 0, 9.0)
    assert 0 < told_of["given_name"].level < 5 and 0 < told_of["family_name"].level < 5
    # Each block that they share finds the same, under an id of its own.
    assert {(each.person_id, each.other_person_id, each.bits) for each in links} == {
        (link.person_id, link.other_person_id, link.bits)
    }
    assert len({each.event_id for each in links}) == len({each.block for each in links}) == len(links) > 1


def test_strangers_of_one_age_and_place_are_compared_and_not_told(likeness: Stage) -> None:
    assert meeting(likeness, tells("anna", ANNA), tells("ben", BEN)) == []
    assert [len(kept.state.held) for kept in likeness.kept.values() if kept.state].count(2) == 1  # type: ignore


def test_names_in_each_others_place_still_agree(likeness: Stage) -> None:
    crossed = ANNA | {"given_name": ANNA["family_name"], "family_name": ANNA["given_name"]}
    [link, *_] = meeting(likeness, tells("anna", ANNA), tells("cleo", crossed))
    names = [reason for reason in only(link, IdentityLikened).reasons if reason.field.endswith("_name")]
    assert [reason.level for reason in names] == [0, 0]


def test_nobody_is_told_to_be_like_themselves(likeness: Stage) -> None:
    assert meeting(likeness, tells("anna", ANNA), tells("anna", ANNE), tells("anna", ANNA)) == []
    assert max(len(kept.state.held) for kept in likeness.kept.values() if kept.state) == 2  # type: ignore


def test_without_a_model_records_are_kept_and_nothing_is_told(play: Build) -> None:
    untrained = play(PROCESSOR, trained())
    assert meeting(untrained, tells("anna", ANNA), tells("cleo", ANNE)) == []
    assert untrained.kept


def test_what_tells_no_traits_goes_nowhere(likeness: Stage) -> None:
    story = told(
        touch("scan"), touch("crm_contact", properties='{"segment":"a"}'), touch("scan", properties='{"traits":null}')
    )
    assert likeness.hears(*story) == []
    assert likeness.kept == {}


@pytest.mark.parametrize(
    "traits",
    [
        '"anna"',
        '{"sort":"contact","filters":{"given_name":"anna"}}',
        '{"sort":"contact","filters":{"shoe_size":"AAAAAAAAAAAAAAAAAAAAAQ=="}}',
        '{"sort":"contact","filters":{"given_name":"AAAAAAAAAAAAAAAAAAAAAA=="}}',
        '{"sort":"planet","filters":{}}',
    ],
)
def test_traits_that_no_gateway_wrote_are_refused(likeness: Stage, traits: str) -> None:
    [refused] = likeness.hears(*told(touch("crm_contact", properties=f'{{"traits":{traits}}}')))
    assert isinstance(refused, Reject)
    assert (refused.reason, refused.field) == (reasons.INVALID, "properties.traits")


@pytest.mark.parametrize("traits", [b"\xc1", b"\x82\xa4sort\xa1\xff\xa7filters\x80"])
def test_what_is_no_traits_is_refused_in_a_block_too(likeness: Stage, traits: bytes) -> None:
    [first, *_] = sent(likeness, tells("anna", ANNA))
    [refused] = likeness.hears(msgspec.structs.replace(first, traits=traits))
    assert isinstance(refused, Reject)
    assert likeness.kept == {}


def test_a_crowded_block_lets_go_of_everybody(likeness: Stage) -> None:
    crowd = [tells(f"one-{number}", {"national_id": "123-45-6789"}) for number in range(MAX_RECORDS + 2)]
    *before, crowded, after_it = meeting(likeness, *crowd)
    assert before == []
    [[block, kept]] = likeness.kept.items()
    assert kept.state == Block(crowded=True)  # type: ignore[union-attr]
    told_of = only(crowded, IdentityLikened)
    assert (told_of.change, told_of.block, told_of.person_id, told_of.reasons) == ("crowded", block, "", ())
    assert after_it == Drop("crowded")


def test_one_phone_in_a_store_is_found_again_within_minutes_and_not_elsewhere(likeness: Stage) -> None:
    def visit(who: str, store: str = "mitte") -> Chapter:
        return tells(who, PHONE, "scan", store=store)

    links = meeting(
        likeness, visit("anna"), after("4 minutes"), visit("ben"), visit("cleo", "bar"), after("1 hour"), visit("dora")
    )
    found = {(link.person_id, link.other_person_id) for link in (only(effect, IdentityLikened) for effect in links)}
    assert found == {tuple(sorted((person("anna"), person("ben"))))}


def test_a_visit_without_a_store_or_a_kind_of_phone_is_compared_with_none(likeness: Stage) -> None:
    assert sent(likeness, tells("anna", PHONE, "scan"), tells("ben", {"language": "de"}, "scan", store="mitte")) == []


def test_soft_links_reach_nobody_who_keeps_points_or_consent() -> None:
    assert IDENTITY_LIKENED.read_by == ("sink",)


PEOPLE = [
    ANNA,
    ANNE,
    BEN,
    BEN | {"family_name": "Shuster"},
    BEN | {"given_name": "Benn", "birth_date": "1984-11-20"},
    {"birth_date": "1984-02-28", "postal_code": "10115", "given_name": "Cleo"},
    {"birth_date": "1984-06-01", "postal_code": "10115", "house_number": "12a", "given_name": "Dora"},
]
STORY = told(*(tells(f"somebody-{number}", properties) for number, properties in enumerate(PEOPLE)))
FEW = 4
"""Records a block holds in the laws, so that the one of their age and place is crowded."""


def standing(effects: Iterable[Effect]) -> set[tuple[str, str, str, float]]:
    """The links that count at the end: those of blocks that are not crowded."""
    events = [only(effect, IdentityLikened) for effect in effects if not isinstance(effect, Drop)]
    crowded = {event.block for event in events if event.change == "crowded"}
    return {
        (event.block, event.person_id, event.other_person_id, event.bits)
        for event in events
        if event.change == "likened" and event.block not in crowded
    }


def expected(story: Sequence[TouchpointIdentified]) -> set[tuple[str, str, str, float]]:
    """The same, from every pair there is."""
    told_by = {
        event.own_person_id: traits for event in story if (traits := traits_of(event.properties, "", 0)) is not None
    }
    sizes = [block for traits in told_by.values() for block in traits.blocks]
    return {
        (block, one, other, found.bits)
        for one, other in combinations(sorted(told_by), 2)
        for block in set(told_by[one].blocks) & set(told_by[other].blocks)
        if sizes.count(block) <= FEW and (found := score(told_by[one], told_by[other], CONTACTS)).probability >= LIKELY
    }


@settings(max_examples=60, deadline=None)
@given(st.integers())
def test_no_order_and_no_duplicate_changes_who_is_like_whom(seed: int) -> None:
    chance, stage = random.Random(seed), Stage(PROCESSOR, TRAINED)
    with patch("processors.likeness.state.MAX_RECORDS", FEW):
        told_twice = [*STORY, *chance.sample(STORY, 3)]
        chance.shuffle(told_twice)
        blocked = [only(effect, TraitsBlocked) for effect in stage.hears(*told_twice)]
        blocked += chance.sample(blocked, 5)
        chance.shuffle(blocked)
        found = standing(stage.hears(*blocked))
    assert found == expected(STORY)
    assert len({tuple(sorted(pair[1:3])) for pair in found}) >= 2
    assert any(kept.state.crowded for kept in stage.kept.values())  # type: ignore[union-attr]


@given(st.permutations(range(6)), st.integers(0, 6))
def test_blocks_join_to_what_one_block_would_hold(order: list[int], cut: int) -> None:
    blank = traits_of(STORY[0].properties, "", 0)
    assert blank is not None
    held = [Held(f"p{number}", f"m{number}", blank, f"e{number}", number) for number in order]
    one, other = Block(tuple(held[:cut])), Block(tuple(held[cut:]))
    joined, again = merge(one, other).state, merge(merge(one, other).state, other).state
    assert joined == again and joined is not None
    assert sorted(joined.held, key=lambda record: record.mark) == sorted(held, key=lambda record: record.mark)
    assert merge(one, Block(crowded=True)).state == merge(Block(crowded=True), one).state == Block(crowded=True)
