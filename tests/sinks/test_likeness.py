"""Soft links in the store: who is probably one person, and what a model is learnt from."""

import msgspec
import pytest

from schemas.brand.load import load
from schemas.events import IdentityChanged, IdentityLikened, Reason, TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.likeness.traits import CONTACT, FIELDS, encode_traits
from sinks.analysis.likeness.run import learn
from tests import febrl
from tests.sinks.store import Store

KEY = b"a key of the test"
NOON = 1_780_000_000_000_000


def who(name: str) -> str:
    return person_of(f"customer:{name}")


def likened(one: str, other: str, block: str = "names:1", bits: float = 9.0) -> IdentityLikened:
    first, second = sorted((who(one), who(other)))
    return IdentityLikened(
        event_id=derived("test", block, one, other, str(bits)),
        occurred_at=NOON,
        change="likened",
        block=block,
        person_id=first,
        other_person_id=second,
        probability=1 - 2**-bits,
        bits=bits,
        reasons=(Reason("city", 0, bits),),
        model="m",
        source_event_id="s",
    )


def crowded(block: str) -> IdentityLikened:
    return IdentityLikened(
        event_id=derived("test", block), occurred_at=NOON, change="crowded", block=block, source_event_id="s"
    )


def told(name: str, properties: str = "{}", **fields: str) -> TouchpointIdentified:
    anchor = f"customer:{name}"
    return TouchpointIdentified(
        event_id=derived("test", name),
        occurred_at=NOON,
        type="crm_contact",
        received_at=NOON,
        source="test",
        anchor=anchor,
        identifiers=(anchor,),
        properties=properties,
        person_id=person_of(anchor),
        own_person_id=person_of(anchor),
        **fields,
    )


def pairs(store: Store) -> set[frozenset[str]]:
    rows = store.ask("SELECT person_id, other_person_id FROM likely_link")
    return {frozenset(map(str, row)) for row in rows}


def test_the_strongest_link_of_two_people_counts_with_its_reasons(store: Store) -> None:
    store.put([likened("a", "b"), likened("a", "b", "house:1", bits=12.0), likened("a", "b")])
    [link] = store.ask("SELECT bits, reasons, model FROM likely_link")
    assert link == (12.0, [{"field": "city", "level": 0, "bits": 12.0}], "m")


def test_links_of_a_crowded_block_do_not_count_and_those_of_others_do(store: Store) -> None:
    store.put([likened("a", "b"), likened("c", "d", "names:2"), likened("a", "c", "names:2"), crowded("names:2")])
    assert pairs(store) == {frozenset((who("a"), who("b")))}


def test_people_who_were_joined_since_are_no_likely_pair(store: Store) -> None:
    store.put([likened("a", "b"), likened("b", "c")])
    merge = IdentityChanged(
        event_id=derived("test", "merge"),
        occurred_at=NOON,
        change="merged",
        person_id=who("b"),
        into_person_id=who("a"),
        own_person_id=who("b"),
        version=1,
        source_event_id="s",
    )
    store.put([merge])
    assert pairs(store) == {frozenset((who("a"), who("c")))}


def test_a_likely_person_is_everybody_whom_links_reach(store: Store) -> None:
    store.put([told(name) for name in "abcdef"])
    store.put([likened("a", "b"), likened("b", "c"), likened("c", "d"), likened("e", "e2")])
    rows = store.ask("SELECT likely_person_id, people, touchpoints FROM person_likely")
    assert sorted((people, count) for _, people, count in rows) == [(1, 1), (1, 1), (4, 4)]
    assert {str(likely) for likely, people, _ in rows if people == 4} < {who(name) for name in "abcd"}
    assert store.one("SELECT count() FROM person") == 6


def test_a_model_is_learnt_from_the_store_and_a_brand_takes_it(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = febrl.records("dataset3")[:1500]
    properties = [msgspec.json.encode({"traits": encode_traits(r.properties, KEY)}).decode() for r in records]
    store.put([told(record.id, text) for record, text in zip(records, properties, strict=True)])
    store.put([told("somebody", '{"traits":{"sort":"contact","filters":{"city":"AA=="}}}')])
    learnt = learn(store.client, most=5000)
    assert learnt.models.keys() == {CONTACT}
    assert learnt.told[1] == "visit: 0 records make 0 pairs to learn from; 100 are the least"
    assert learnt.models[CONTACT].bits.keys() == FIELDS[CONTACT].keys()
    folder = tmp_path_factory.mktemp("brand")
    (folder / "likeness.yaml").write_bytes(learnt.document())
    (folder / "brand.yaml").write_text(
        "brand: {id: b, name: B, currency: EUR, country: DE, fallback: 'https://b.example/', destinations: ['https://b.example']}\n"
    )
    assert load(folder).likeness[CONTACT].model == learnt.models[CONTACT]
