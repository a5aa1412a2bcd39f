"""Soft links in the store, likely people, and training a model from the store."""

import msgspec
import pytest

from schemas.brand.load import load
from schemas.events import ConsentChanged, IdentityChanged, IdentityMatched, Reason, TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.matching.traits import CONTACT, FIELDS, encode_traits
from sinks.analysis.matching.run import train_from_store
from tests.support import febrl
from tests.support.sink_events import edge
from tests.support.sink_store import Store

KEY = b"a key of the test"
NOON = 1_780_000_000_000_000


def who(name: str) -> str:
    return person_of(f"customer:{name}")


def matched(one: str, other: str, block: str = "names:1", bits: float = 9.0) -> IdentityMatched:
    first, second = sorted((who(one), who(other)))
    return IdentityMatched(
        event_id=derived("test", block, one, other, str(bits)),
        occurred_at=NOON,
        change="matched",
        block=block,
        person_id=first,
        other_person_id=second,
        probability=1 - 2**-bits,
        bits=bits,
        reasons=(Reason("city", 0, bits),),
        model="m",
        source_event_id="s",
    )


def oversized(block: str) -> IdentityMatched:
    return IdentityMatched(
        event_id=derived("test", block), occurred_at=NOON, change="oversized", block=block, source_event_id="s"
    )


def contact(name: str, properties: str = "{}", **fields: str) -> TouchpointIdentified:
    primary_identifier = f"customer:{name}"
    return TouchpointIdentified(
        event_id=derived("test", name),
        occurred_at=NOON,
        type="crm_contact",
        received_at=NOON,
        source="test",
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        properties=properties,
        person_id=person_of(primary_identifier),
        source_profile_id=person_of(primary_identifier),
        **fields,
    )


def pairs(store: Store) -> set[frozenset[str]]:
    rows = store.ask("SELECT person_id, other_person_id FROM likely_link")
    return {frozenset(map(str, row)) for row in rows}


def test_the_strongest_link_of_two_people_counts_with_its_reasons(store: Store) -> None:
    store.put([matched("a", "b"), matched("a", "b", "house:1", bits=12.0), matched("a", "b")])
    [link] = store.ask("SELECT bits, reasons, model FROM likely_link")
    assert link == (12.0, [{"field": "city", "level": 0, "bits": 12.0}], "m")


def said(name: str, after: str, at: int, kind: str = "choice") -> ConsentChanged:
    return ConsentChanged(
        event_id=derived("test", name, after, str(at)), occurred_at=NOON + at, person_id=who(name),
        source_profile_id=who(name), purpose="identity", kind=kind, after=after, source_event_id="s",
    )  # fmt: skip


def test_who_does_not_agree_to_be_recognised_is_likely_nobody_until_they_agree(store: Store) -> None:
    store.put([matched("a", "b"), matched("c", "d"), matched("e", "f")])
    store.put([said("a", "granted", 1), said("a", "withdrawn", 2), said("d", "withdrawn", 1, "gpc")])
    assert pairs(store) == {frozenset((who("e"), who("f")))}
    store.put([said("a", "granted", 3)])
    assert pairs(store) == {frozenset((who("e"), who("f"))), frozenset((who("a"), who("b")))}


def test_people_whom_an_operator_keeps_apart_are_not_even_likely_one(store: Store) -> None:
    store.put([matched("a", "b"), matched("c", "d")])
    store.put([edge(("customer:a", "customer:b"), "unlinked", 1)])
    assert pairs(store) == {frozenset((who("c"), who("d")))}
    store.put([edge(("customer:a", "customer:b"), "refused", 2, reason="too_many:customer")])
    assert len(pairs(store)) == 2


def test_links_of_an_oversized_block_do_not_count_and_those_of_others_do(store: Store) -> None:
    store.put([matched("a", "b"), matched("c", "d", "names:2"), matched("a", "c", "names:2"), oversized("names:2")])
    assert pairs(store) == {frozenset((who("a"), who("b")))}


def test_people_who_were_joined_since_are_no_likely_pair(store: Store) -> None:
    store.put([matched("a", "b"), matched("b", "c")])
    merge = IdentityChanged(
        event_id=derived("test", "merge"),
        occurred_at=NOON,
        change="merged",
        person_id=who("b"),
        into_person_id=who("a"),
        source_profile_id=who("b"),
        version=1,
        source_event_id="s",
    )
    store.put([merge])
    assert pairs(store) == {frozenset((who("a"), who("c")))}


def test_a_likely_person_is_a_connected_component_of_links(store: Store) -> None:
    store.put([contact(name) for name in "abcdef"])
    store.put([matched("a", "b"), matched("b", "c"), matched("c", "d"), matched("e", "e2")])
    rows = store.ask("SELECT likely_person_id, people, touchpoints FROM person_likely")
    assert sorted((people, count) for _, people, count in rows) == [(1, 1), (1, 1), (4, 4)]
    assert {str(likely) for likely, people, _ in rows if people == 4} < {who(name) for name in "abcd"}
    assert store.one("SELECT count() FROM person") == 6


def test_a_model_is_trained_from_the_store_and_loaded_with_the_brand(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = febrl.records("dataset3")[:1500]
    properties = [msgspec.json.encode({"traits": encode_traits(r.properties, KEY)}).decode() for r in records]
    store.put([contact(record.id, text) for record, text in zip(records, properties, strict=True)])
    store.put([contact("somebody", '{"traits":{"record_type":"contact","filters":{"city":"AA=="}}}')])
    trained = train_from_store(store.client, limit=5000)
    assert trained.models.keys() == {CONTACT}
    assert trained.summary[1] == "visit: 0 records make 0 pairs to learn from; at least 100 are needed"
    assert trained.models[CONTACT].bits.keys() == FIELDS[CONTACT].keys()
    folder = tmp_path_factory.mktemp("brand")
    (folder / "matching.yaml").write_bytes(trained.document())
    (folder / "brand.yaml").write_text(
        "brand: {id: b, name: B, currency: EUR, country: DE, fallback: 'https://b.example/', destinations: ['https://b.example']}\n"
    )
    assert load(folder).matching[CONTACT].model == trained.models[CONTACT]
