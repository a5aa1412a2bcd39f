"""Any event of any topic, drawn from its .avsc, so that no example has to be updated by hand."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from schemas.codec.avro import revisions
from schemas.events import Event
from schemas.topics import Topic

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LAST_TIME = 4_102_444_800_000_000
"""The year 2100 in microseconds: what the readers of other languages can show as a date."""
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "string": TEXT,
    "bytes": st.binary(max_size=200),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
}


def values(node: Any) -> st.SearchStrategy[Any]:
    """Any value of an Avro type, as plain Python."""
    if isinstance(node, list):
        return st.one_of(*map(values, node))
    if isinstance(node, str):
        return PRIMITIVES[node]
    if node.get("logicalType") == "timestamp-micros":
        return st.integers(0, LAST_TIME)
    if node["type"] == "array":
        return st.lists(values(node["items"]), max_size=4)
    if node["type"] == "record":
        return st.fixed_dictionaries({field["name"]: values(field["type"]) for field in node["fields"]})
    return values(node["type"])


def events(topic: Topic) -> st.SearchStrategy[Event]:
    """Any event of a topic, in its newest revision."""
    return values(revisions(topic)[-1].document).map(lambda record: msgspec.convert(record, topic.event))
