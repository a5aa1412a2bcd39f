"""Arguments of the counting programs and the format of a record's value. Imports the standard library only."""

import struct
import sys
from dataclasses import dataclass
from pathlib import Path

VALUE_BYTES = 100
COUNT = struct.Struct(">q")
COMMIT_S = 1.0
LINGER_MS = 5
BATCH_ROWS = 2000


@dataclass(frozen=True)
class Job:
    """Topics, consumer group and bootstrap address of one run; ``folder`` holds state on disk."""

    kafka: str
    source: str
    sink: str
    group: str
    folder: Path


def read_job() -> Job:
    kafka, source, sink, group, folder = sys.argv[1:]
    return Job(kafka, source, sink, group, Path(folder))


def value_of(event_id: str, key: str) -> bytes:
    """``VALUE_BYTES`` bytes: the event id of 36 characters, then the key, padded with dots."""
    return f"{event_id}{key:.<{VALUE_BYTES - len(event_id)}}".encode()


def counted(value: bytes, count: int) -> bytes:
    """The value with the count in its last 8 bytes."""
    return value[: -COUNT.size] + COUNT.pack(count)


def count_of(value: bytes) -> int:
    return int(COUNT.unpack(value[-COUNT.size :])[0])
