"""A state rebuilt in one process, which applies everything at once, is that of processes that ran side by side."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.operate.replay.canonical import CanonicalForm
from deploy.operate.replay.rebuilding import Rebuild
from deploy.operate.replay.reference import ReferenceHistory
from deploy.operate.replay.versions import with_versions
from processors.identity.core import PROCESSOR as IDENTITY
from processors.identity.state import Node
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.records import Active, StateRecordCodec
from schemas.brand.items import events_of
from schemas.codec.avro import Codec
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from tests.support import workload
from tests.support.harness import Harness
from tests.support.identity import builders
from tests.support.identity.network import Network
from tests.support.identity.random_histories import random_people
from tests.support.source_records import SourceRecord

CODEC = Codec()
PARTITIONS = 3
SEEDS = range(12)


def rebuilt(processor: Any, reference: Any, events: Any, folder: Path) -> dict[bytes, bytes]:
    """Rows of all partitions after the events."""
    history = ReferenceHistory([(0, item) for item in events_of(reference.brand, 1, {})])
    rebuild = Rebuild(processor, CODEC, PARTITIONS, folder, history, {})
    for number, event in enumerate(events):
        topic, key, value, _ = CODEC.record(event)
        rebuild.take(topic, partition_of(key.decode(), PARTITIONS), SourceRecord(number, key, value))
    rebuild.save()
    rows = {key: raw for store in rebuild.stores for key, raw in store.rows() if not key.startswith(WATERMARK)}
    rebuild.close()
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_identity_is_as_a_network_leaves_it_that_took_signals_at_any_time(seed: int, tmp_path: Path) -> None:
    """Signals wait for long or not at all, and cross each other. The canonical forms of all nodes are equal; the nodes
    themselves are not, or nothing would have to be left out."""
    chance = random.Random(seed)
    events, reference, codec = random_people(chance, 12), builders.reference(), StateRecordCodec(Node)
    network = Network(reference, chance, PARTITIONS)
    network.run(events, backlog=1_000_000 if seed % 2 else 4)
    canonical = CanonicalForm(IDENTITY)
    rows = rebuilt(IDENTITY, reference, events, tmp_path)
    expected = {key.encode(): codec.encode(Active(node)) for key, node in network.nodes().items()}
    assert rows.keys() == expected.keys()
    assert {key: canonical.of(rows[key]) for key in rows} == {key: canonical.of(expected[key]) for key in expected}
    assert rows != expected


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_are_as_in_a_harness_with_people_who_merge_and_split(seed: int, tmp_path: Path) -> None:
    events = workload.workload(seed, workload.Workload(merges=True, any_order=True))
    harness, canonical = Harness(REWARDS, workload.REFERENCE), CanonicalForm(REWARDS)
    for event in events:
        harness.deliver(harness.apply(event))
    codec = StateRecordCodec(REWARDS.state)
    expected = {key.encode(): canonical.of(codec.encode(record)) for key, record in harness.records.items()}
    rows = {key: canonical.of(raw) for key, raw in rebuilt(REWARDS, workload.REFERENCE, events, tmp_path).items()}
    assert {key: form for key, form in rows.items() if form} == {key: form for key, form in expected.items() if form}


def test_a_canonical_form_differs_where_states_do() -> None:
    codec, canonical = StateRecordCodec(Node), CanonicalForm(IDENTITY)
    node = Node(5, "name", 1, used=True, neighbours={"a": 1, "b": 2}, notified=("a", "b"))

    def form(node: Node, seen: bytes = b"") -> bytes | None:
        return canonical.of(codec.encode(Active(node, seen)))

    other_order = {"neighbours": {"b": 2, "a": 1}, "notified": ("b", "a")}
    for same in ({"version": 9}, {"parent": "x"}, {"former_person_ids": ("y",)}, other_order):
        assert form(msgspec.structs.replace(node, **same), b"12345678") == form(node)
    for change in (
        {"first_seen": 6},
        {"person_id": "other"},
        {"flag": "hub"},
        {"neighbours": {"a": 1}},
        {"used": False},
    ):
        assert form(msgspec.structs.replace(node, **change)) != form(node)
    assert canonical.of(codec.encode(Active(None, b"12345678"))) is None


def test_versions_are_never_lower_than_the_published_ones() -> None:
    codec = StateRecordCodec(Node)
    raw = codec.encode(Active(Node(5, "name", 3)))
    for published, version in ((2, 3), (7, 7)):
        record = codec.decode(with_versions(IDENTITY, codec, b"customer:1", raw, {person_of("customer:1"): published}))
        assert isinstance(record, Active) and record.state == Node(5, "name", version)
