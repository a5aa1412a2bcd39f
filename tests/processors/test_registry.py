"""What processors declare: their folders, the topics they read and write, the reference data that they use."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.registry import BACKGROUND, INTERACTIVE, PROCESSORS
from processors.step import keep_whole
from schemas.topics import (
    BRAND_CONFIGURED,
    CAPACITY_REPORTED,
    IDENTITY_CHANGED,
    PROFILE_ERASED,
    STATE_MOVED,
    STOCK_REPORTED,
    TOPICS,
    Topic,
)

FOLDER = Path(__file__).parents[2] / "processors"
OTHER_READERS = {"privacy", "gateway", "sink", "replay rejected", "contact-keys rewrap"}
OTHER_WRITERS = {
    "privacy", "gateway", "sink", "brand apply", "replay rejected", "deployment accept-key", "contact-keys rewrap",
    "coupons import", "coupons void",
}  # fmt: skip
REFERENCE_DATA = {"brand": BRAND_CONFIGURED, "stock": STOCK_REPORTED, "capacity": CAPACITY_REPORTED}
"""The topic of each attribute of Reference that holds reference data."""
LOADED = "import sys; import {module}; print([name for name in sys.modules if name.endswith('.core')])"


def test_a_folder_with_a_core_is_one_line_of_the_registry() -> None:
    assert {core.parent.name for core in FOLDER.glob("*/core.py")} == set(PROCESSORS)
    assert len(INTERACTIVE + BACKGROUND) == len(PROCESSORS)
    assert {name: processor.name for name, processor in PROCESSORS.items()} == {name: name for name in PROCESSORS}
    with pytest.raises(KeyError):
        PROCESSORS["nobody"]


def test_events_that_a_phone_waits_for_do_not_linger() -> None:
    assert set(INTERACTIVE) <= {name for name, processor in PROCESSORS.items() if not processor.linger_ms}


def test_processors_whose_keys_are_people_read_who_merges_and_what_moves() -> None:
    for processor in PROCESSORS.values():
        reads = {IDENTITY_CHANGED, STATE_MOVED} & set(processor.sources)
        assert reads == ({IDENTITY_CHANGED, STATE_MOVED} if processor.by_person else set()), processor.name
        assert PROFILE_ERASED in processor.sources or not processor.by_person, processor.name
        assert processor.by_person == (processor.split is not keep_whole), processor.name


def test_states_that_wake_do_something_then() -> None:
    for processor in PROCESSORS.values():
        assert (processor.wakes is None) == (processor.due is None), processor.name
        assert processor.timers_version >= 1, processor.name


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_readers_and_writers_of_a_topic_are_those_that_declare_it(topic: Topic) -> None:
    readers = {processor.name for processor in PROCESSORS.values() if topic in processor.reads}
    writers = {processor.name for processor in PROCESSORS.values() if topic in processor.writes}
    assert set(topic.read_by) - OTHER_READERS == readers, "read_by in schemas/topics.py, or sources and reference"
    assert set(topic.written_by) - OTHER_WRITERS == writers, "written_by in schemas/topics.py, or emits"


def test_every_reader_and_writer_of_a_topic_exists() -> None:
    assert {name for topic in TOPICS for name in topic.read_by} == OTHER_READERS | set(PROCESSORS)
    assert {name for topic in TOPICS for name in topic.written_by} == OTHER_WRITERS | set(PROCESSORS)


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_processor_declares_the_reference_data_that_it_uses(name: str) -> None:
    assert {REFERENCE_DATA[attribute] for attribute in reference_data_of(name)} == set(PROCESSORS[name].reference)


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_processor_declares_the_events_that_it_builds(name: str) -> None:
    """By name: an event class that a core's files call must be one of a topic that it emits on."""
    topics = {topic.event.__name__: topic for topic in TOPICS}
    built = {topics[name] for name in calls_of(name) if name in topics}
    assert built == set(PROCESSORS[name].emits)


@pytest.mark.parametrize("module", ["processors.registry", "deploy.setup.topics", "deploy.cli.main"])
def test_names_are_listed_without_loading_a_core(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED.format(module=module)], capture_output=True, text=True)
    assert [name for name in PROCESSORS if f"processors.{name}.core" in done.stdout] == [], done.stderr
    assert done.returncode == 0, done.stderr


def nodes_of(name: str) -> Iterator[ast.AST]:
    for file in sorted((FOLDER / name).rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text()))


def reference_data_of(name: str) -> set[str]:
    """Attributes that a processor's files read of the argument ``reference``."""
    return {
        node.attr
        for node in nodes_of(name)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "reference"
    } - {"memo", "coupon_keys"}


def calls_of(name: str) -> set[str]:
    return {node.func.id for node in nodes_of(name) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
