"""What the contenders have in common: their arguments and the form of a value. Needs the standard library alone."""

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
    """Where to read and write; ``folder`` is for state on disk."""

    kafka: str
    source: str
    sink: str
    group: str
    folder: Path


def read_job() -> Job:
    kafka, source, sink, group, folder = sys.argv[1:]
    return Job(kafka, source, sink, group, Path(folder))


def value_of(event_id: str, key: str) -> bytes:
    """An id of 36 characters, the key behind it, and filling."""
    return f"{event_id}{key:.<{VALUE_BYTES - len(event_id)}}".encode()


def counted(value: bytes, count: int) -> bytes:
    return value[: -COUNT.size] + COUNT.pack(count)


def count_of(value: bytes) -> int:
    return int(COUNT.unpack(value[-COUNT.size :])[0])
