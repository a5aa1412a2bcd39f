"""The inputs of one simulation run, and its outcome."""

import hashlib
from dataclasses import dataclass
from typing import Any

from schemas.events import Event
from tests.chaos.simulation.broker_twin import PublishedRecord
from tests.chaos.simulation.faults import Fault


@dataclass(frozen=True)
class Case:
    """``history`` has the events in the order in which they arrive, ``faults`` the ends of each partition's owners
    before the last one, which works undisturbed; everything else follows from ``seed``. ``gradual``: the history comes
    while the processor reads what it sends to itself; otherwise it is there at the beginning."""

    seed: int
    history: tuple[Event, ...]
    faults: tuple[Fault, ...] = ()
    partitions: int = 2
    gradual: bool = False


@dataclass(frozen=True)
class Outcome:
    """``effects`` has every content under which an event id was published, ``stamps_ms`` when each
    of ``published`` was; ``states`` the last state of each key in the
    changelogs, ``disks`` and ``changelogs`` the rows of each partition as its last owner and the broker have them,
    ``steps`` the number of steps of the last owner of partition 0."""

    published: tuple[PublishedRecord, ...]
    stamps_ms: tuple[int, ...]
    effects: dict[str, set[bytes]]
    events: dict[str, Event]
    states: dict[str, Any]
    disks: list[dict[bytes, bytes]]
    changelogs: list[dict[bytes, bytes]]
    steps: int

    @property
    def hash(self) -> str:
        """Changes with any byte and any order."""
        rows = [list(changelog.items()) for changelog in self.changelogs]
        return hashlib.sha256(repr((self.published, rows, self.steps)).encode()).hexdigest()
