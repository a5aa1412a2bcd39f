"""Searches everything that a system has written for values that must not be there, in all forms in which bytes may
hide them. What is searched for, and where, are arguments: people whose events were taken, or people who were erased."""

import base64
import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import ahocorasick_rs
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.full_stack import FullStack
from tests.support.hangs import HANG_S

Place = tuple[str, bytes]
"""The name of a place, and bytes of it."""
CHUNK = 8 << 20
OVERLAP = 1 << 10
"""Bytes of a file that are searched again with the next chunk: more than any form has."""


class Needles:
    """Values to search for, each of at least 8 characters, with all their forms."""

    def __init__(self, values: Iterable[str]) -> None:
        self._of: dict[bytes, tuple[str, str]] = {}
        for value in values:
            assert len(value) >= 8, "short values stand in other bytes by chance"
            for name, form in forms(value):
                self._of.setdefault(form, (value, name))
        self._forms = list(self._of)
        self._automaton = ahocorasick_rs.BytesAhoCorasick(self._forms)

    def found_in(self, places: Iterable[Place]) -> dict[str, set[tuple[str, str]]]:
        """By place the values, and the form in which each was found."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for place, content in places:
            for index, _, _ in self._automaton.find_matches_as_indexes(content):
                found[place].add(self._of[self._forms[index]])
        return dict(found)


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """A value as it may stand in bytes: plain, lower case, hex, UTF-16, base64 at each alignment, as part of a URL."""
    for case, text in (("plain", value), ("lower", value.lower()), ("upper", value.upper())):
        plain = text.encode()
        yield case, plain
        yield f"{case} hex", plain.hex().encode()
        yield f"{case} HEX", plain.hex().upper().encode()
        yield f"{case} UTF-16 LE", text.encode("utf-16-le")
        yield f"{case} UTF-16 BE", text.encode("utf-16-be")
        yield f"{case} URL", quote(text, safe="").encode()
        yield f"{case} form", quote_plus(text).encode()
        yield f"{case} percent", "".join(f"%{byte:02X}" for byte in plain).encode()
        yield f"{case} percent lower", "".join(f"%{byte:02x}" for byte in plain).encode()
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + plain)
            begin = (0, 2, 3)[shift]
            end = (shift + len(plain)) * 8 // 6
            yield f"{case} base64 {shift}", encoded[begin:end]
            yield f"{case} base64url {shift}", encoded[begin:end].replace(b"+", b"-").replace(b"/", b"_")


def files(folder: Path, leave_out: Iterable[str] = ()) -> Iterator[Place]:
    """All files below a folder; the name of a place is its path.

    :param leave_out: names of folders.
    """
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if not file.is_file() or not set(path.parts).isdisjoint(leave_out):
            continue
        with file.open("rb") as content:
            kept = b""
            while chunk := content.read(CHUNK):
                yield str(path), kept + chunk
                kept = chunk[-OVERLAP:]


async def records(bootstrap: str) -> list[Place]:
    """Keys, values and headers of every record of every topic, as consumers get them: decompressed."""
    found: list[Place] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        cluster = await consumer._client.fetch_all_metadata()
        for topic in sorted(cluster.topics(exclude_internal_topics=False)):
            partitions = [TopicPartition(topic, number) for number in sorted(cluster.partitions_for_topic(topic))]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            await consumer.seek_to_beginning(*partitions)
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    for record in batch:
                        parts = (record.key or b"", record.value or b"", *(value for _, value in record.headers))
                        found.append((f"topic {topic}", b"\0".join(parts)))
    return found


def rows(stack: FullStack) -> Iterator[Place]:
    """All columns of every table of ClickHouse, those of its own logs included, as it gives them in binary."""
    password = (stack.data / "secrets" / "clickhouse.password").read_text().strip()
    tables = _ask(
        stack,
        "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' FORMAT JSONCompactEachRow",
        password,
    )
    for line in tables.splitlines():
        database, name = json.loads(line)
        yield f"table {database}.{name}", _ask(stack, f"SELECT * FROM `{database}`.`{name}` FORMAT RowBinary", password)


def _ask(stack: FullStack, query: str, password: str) -> bytes:
    headers = {"X-ClickHouse-User": "footpath", "X-ClickHouse-Key": password}
    request = urllib.request.Request(stack.run["clickhouse"], query.encode(), headers)
    with urllib.request.urlopen(request, timeout=HANG_S) as answer:
        return bytes(answer.read())


def metrics(stack: FullStack) -> Iterator[Place]:
    """What every process tells who scrapes it."""
    for process, url in stack.run["metrics"].items():
        with urllib.request.urlopen(url, timeout=HANG_S) as answer:
            yield f"metrics of {process}", answer.read()
