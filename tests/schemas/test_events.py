"""The event classes say what the .avsc files say: the same names, types and defaults, in whatever order."""

import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from schemas.codec.avro import AVRO_DIR, revisions
from schemas.topics import BY_EVENT, BY_NAME, TOPICS, Topic, changelog

PYTHON = {"string": str, "bytes": bytes, "int": int, "long": int, "double": float, "null": type(None)}


def python_type(node: Any) -> Any:
    """The annotation that an Avro type asks for; a record as its fields."""
    if isinstance(node, list):
        return frozenset(map(python_type, node))
    if isinstance(node, str):
        return PYTHON[node]
    if node["type"] == "array":
        return (tuple, python_type(node["items"]))
    if node["type"] == "record":
        return {
            field["name"]: (python_type(field["type"]), field.get("default", msgspec.NODEFAULT))
            for field in node["fields"]
        }
    return python_type(node["type"])


def annotated_type(hint: Any) -> Any:
    """The same of an annotation."""
    if get_origin(hint) in (Union, types.UnionType):
        return frozenset(map(annotated_type, get_args(hint)))
    if get_origin(hint) is tuple:
        item, more = get_args(hint)
        assert more is Ellipsis
        return (tuple, annotated_type(item))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return fields_of(hint)
    return hint


def fields_of(event: type[msgspec.Struct]) -> dict[str, tuple[Any, Any]]:
    hints = get_type_hints(event)
    return {
        field.name: (annotated_type(hints[field.name]), plain(field.default)) for field in msgspec.structs.fields(event)
    }


def plain(default: Any) -> Any:
    # Avro 1.12, "Complex Types": the default of bytes is a string of their code points.
    return [] if default == () else default.decode("latin-1") if isinstance(default, bytes) else default


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_class_and_schema_agree(topic: Topic) -> None:
    document = revisions(topic)[-1].document
    assert document["name"] == topic.event.__name__
    assert document["namespace"] == "footpath"
    assert fields_of(topic.event) == python_type(document)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_every_field_is_explained(topic: Topic) -> None:
    document = revisions(topic)[-1].document
    assert document["doc"] and all(field["doc"] for field in document["fields"])


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_one_name_everywhere(topic: Topic) -> None:
    assert topic.name == f"footpath.{topic.noun}.v1"
    assert topic.table == topic.noun.replace("-", "_")
    assert topic.event.__name__ == "".join(word.title() for word in topic.noun.split("-"))
    assert (AVRO_DIR / f"{topic.table}.v1.avsc").exists()
    assert topic.written_by and topic.read_by and topic.keyed_by


def test_every_schema_belongs_to_a_topic_and_no_topic_shares() -> None:
    kept = {path.name.split(".")[0] for path in AVRO_DIR.glob("*.avsc")}
    assert kept == {topic.table for topic in TOPICS}
    assert len(BY_EVENT) == len(BY_NAME) == len(TOPICS)


def test_a_changelog_is_no_event_topic() -> None:
    assert changelog("identity") == "footpath.identity-state.v1"
    assert changelog("identity") not in BY_NAME
