"""The gate: what readers and writers of every age need of a schema before it may be kept, and proof that it closes."""

import copy
import json
from typing import Any

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.codec.avro import AVRO_DIR, Schema, fingerprint, load_schema, revisions
from schemas.topics import TOPICS, TOUCHPOINT_RECORDED, Topic

RELEASED = AVRO_DIR / "released.txt"
Document = dict[str, Any]


def incompatibilities(revisions_of_a_topic: list[tuple[str, Document]]) -> list[str]:
    """Why some revision cannot read, or be read by, some other one."""
    problems = []
    parsed = [(name, avro.schema.parse(json.dumps(document))) for name, document in revisions_of_a_topic]
    for reader_name, reader in parsed:
        for writer_name, writer in parsed:
            result = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
            if result.compatibility is not SchemaCompatibilityType.compatible:
                problems.append(f"{reader_name} cannot read {writer_name}: {'; '.join(sorted(result.messages))}")
    return problems


def edits(released: dict[str, str], kept: dict[str, str]) -> list[str]:
    """What was done to a released schema that must not be, and what is not listed yet."""
    problems = []
    for name, was in released.items():
        if name not in kept:
            problems.append(f"{name}.avsc is released and gone: topics hold events that it wrote; put it back")
        elif kept[name] != was:
            problems.append(
                f"{name}.avsc is released and was edited (fingerprint {kept[name]}, released as {was}): put it back "
                "and add a revision beside it"
            )
    problems += [
        f"{name} {kept[name]} is not in {RELEASED.name}: add this line" for name in kept if name not in released
    ]
    return problems


def read_released() -> dict[str, str]:
    lines = (line.split("#")[0].split() for line in RELEASED.read_text().splitlines())
    return {name: hexadecimal for name, hexadecimal in filter(None, lines)}


def kept_schemas() -> list[Schema]:
    return [load_schema(path) for path in sorted(AVRO_DIR.glob("*.avsc"))]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_all_revisions_of_a_topic_read_each_other(topic: Topic) -> None:
    assert not incompatibilities([(schema.name, schema.document) for schema in revisions(topic)])


def test_no_released_schema_is_edited_in_place() -> None:
    assert not edits(read_released(), {schema.name: schema.fingerprint.hex() for schema in kept_schemas()})


def changed(change: str) -> Document:
    """The touchpoint schema with one change."""
    document = copy.deepcopy(revisions(TOUCHPOINT_RECORDED)[-1].document)
    fields = {field["name"]: field for field in document["fields"]}
    match change:
        case "a field without a default is new":
            document["fields"].append({"name": "mood", "type": "string"})
        case "a field with a default is new":
            document["fields"].append({"name": "mood", "type": "string", "default": ""})
        case "a needed field is gone":
            document["fields"].remove(fields["primary_identifier"])
        case "a field with a default is gone":
            document["fields"].remove(fields["zone"])
        case "a field has another type":
            fields["store"]["type"] = "long"
        case "a long is an int":
            fields["occurred_at"]["type"] = "int"
        case "a field has another name":
            fields["primary_identifier"]["name"] = "strongest"
        case "the record has another name":
            document["name"] = "Touch"
    return document


@pytest.mark.parametrize(
    "change",
    [
        "a field without a default is new",
        "a needed field is gone",
        "a field has another type",
        "a long is an int",
        "a field has another name",
    ],
)
def test_a_breaking_change_is_refused(change: str) -> None:
    before = revisions(TOUCHPOINT_RECORDED)[-1]
    problems = incompatibilities([(before.name, before.document), ("touchpoint_recorded.v1.1", changed(change))])
    assert problems and "cannot read" in problems[0]


@pytest.mark.parametrize("change", ["a field with a default is new", "a field with a default is gone"])
def test_a_change_that_every_age_can_read_passes(change: str) -> None:
    before = revisions(TOUCHPOINT_RECORDED)[-1]
    assert not incompatibilities([(before.name, before.document), ("touchpoint_recorded.v1.1", changed(change))])


def test_even_a_compatible_edit_of_a_released_schema_is_refused() -> None:
    before = revisions(TOUCHPOINT_RECORDED)[-1]
    edited = fingerprint(changed("a field with a default is new")).hex()
    (problem,) = edits({before.name: before.fingerprint.hex()}, {before.name: edited})
    assert "was edited" in problem and "add a revision" in problem


def test_a_released_schema_that_is_gone_and_one_that_is_not_listed_are_reported() -> None:
    gone, new = edits({"old.v1": "aa"}, {"new.v1": "bb"})
    assert "gone" in gone and "add this line" in new


def test_words_about_a_field_may_change() -> None:
    document = copy.deepcopy(revisions(TOUCHPOINT_RECORDED)[-1].document)
    document["fields"][0]["doc"] = "Said better."
    assert fingerprint(document) == revisions(TOUCHPOINT_RECORDED)[-1].fingerprint
