"""A state rebuilt in one process, everything in its turn at once, is the state of many that worked side by side."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.replaying.canonical import Canonical
from deploy.replaying.rebuilding import Rebuilding, Worlds
from deploy.replaying.versions import raised
from processors.identity.core import PROCESSOR as IDENTITY
from processors.identity.state import Node
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.changelog import WATERMARK
from processors.shell.kept import Active, KeptCodec
from schemas.brand.items import events_of
from schemas.codec import Codec
from schemas.ids import partition_of, person_of
from tests.fire.simulation import walks
from tests.fire.simulation.broker_twin import Rec
from tests.stories.identity import people
from tests.stories.identity.network import Network
from tests.stories.stage import Stage

CODEC = Codec()
PARTITIONS = 3
SEEDS = range(12)


def rebuilt(processor: Any, world: Any, events: Any, folder: Path) -> dict[bytes, bytes]:
    """Rows of all partitions after the events."""
    rebuilding = Rebuilding(
        processor, CODEC, PARTITIONS, folder, Worlds([(0, item) for item in events_of(world.brand, 1, {})])
    )
    for number, event in enumerate(events):
        topic, key, value, _ = CODEC.record(event)
        rebuilding.take(topic, partition_of(key.decode(), PARTITIONS), Rec(number, key, value))
    rebuilding.save()
    rows = {key: raw for store in rebuilding.stores for key, raw in store.rows() if not key.startswith(WATERMARK)}
    rebuilding.close()
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_identity_is_as_a_network_leaves_it_that_took_signals_at_any_time(seed: int, tmp_path: Path) -> None:
    """Signals wait for long or not at all, and cross each other. What is compared says the same of every node; what is
    left out does differ, or it would not be left out."""
    chance = random.Random(seed)
    events, world, codec = people.crowd(chance, 12), people.world(), KeptCodec(Node)
    network = Network(world, chance, PARTITIONS)
    network.plays(events, backlog=1_000_000 if seed % 2 else 4)
    canonical = Canonical(IDENTITY)
    rows = rebuilt(IDENTITY, world, events, tmp_path)
    there = {key.encode(): codec.encode(Active(node)) for key, node in network.nodes().items()}
    assert rows.keys() == there.keys()
    assert {key: canonical.of(rows[key]) for key in rows} == {key: canonical.of(there[key]) for key in there}
    assert rows != there


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_are_as_on_a_stage_with_people_who_merge_and_part(seed: int, tmp_path: Path) -> None:
    events = walks.walk(seed, walks.Street(merges=True, any_order=True))
    stage, canonical = Stage(REWARDS, walks.WORLD), Canonical(REWARDS)
    for event in events:
        stage.delivers(stage.hears(event))
    codec = KeptCodec(REWARDS.state)
    there = {key.encode(): canonical.of(codec.encode(kept)) for key, kept in stage.kept.items()}
    rows = {key: canonical.of(raw) for key, raw in rebuilt(REWARDS, walks.WORLD, events, tmp_path).items()}
    assert {key: form for key, form in rows.items() if form} == {key: form for key, form in there.items() if form}


def test_a_form_tells_every_difference_that_counts() -> None:
    codec, canonical = KeptCodec(Node), Canonical(IDENTITY)
    node = Node(5, "name", 1, used=True, neighbours={"a": 1, "b": 2}, warned=("a", "b"))

    def form(node: Node, seen: bytes = b"") -> bytes | None:
        return canonical.of(codec.encode(Active(node, seen)))

    other_order = {"neighbours": {"b": 2, "a": 1}, "warned": ("b", "a")}
    for same in ({"version": 9}, {"up": "x"}, {"former": ("y",)}, other_order):
        assert form(msgspec.structs.replace(node, **same), b"12345678") == form(node)
    for change in ({"first_seen": 6}, {"name": "other"}, {"flag": "hub"}, {"neighbours": {"a": 1}}, {"used": False}):
        assert form(msgspec.structs.replace(node, **change)) != form(node)
    assert canonical.of(codec.encode(Active(None, b"12345678"))) is None


def test_versions_are_never_lower_than_the_world_has_heard() -> None:
    codec = KeptCodec(Node)
    raw = codec.encode(Active(Node(5, "name", 3)))
    for told, version in ((2, 3), (7, 7)):
        kept = codec.decode(raised(raw, b"customer:1", codec, {person_of("customer:1"): told}))
        assert isinstance(kept, Active) and kept.state == Node(5, "name", version)
