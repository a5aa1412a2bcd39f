"""What one run is made of, and what comes out of it."""

import hashlib
from dataclasses import dataclass
from typing import Any

from schemas.events import Event
from tests.fire.simulation.broker_twin import Effect, Kind


@dataclass(frozen=True)
class Doom:
    """How a life of the partition ends: at its ``step``-th step, and whether the next one finds an empty disk."""

    partition: int
    step: int
    kind: Kind
    empty_disk: bool = False

    def __str__(self) -> str:
        disk = ", the next one finds an empty disk" if self.empty_disk else ""
        return f"the owner of partition {self.partition} {self.kind} at step {self.step}{disk}"


@dataclass(frozen=True)
class Case:
    """``history`` has the events in the order in which they arrive, ``dooms`` the lives of each partition before the
    last, calm one; what else happens follows from ``seed``."""

    seed: int
    history: tuple[Event, ...]
    dooms: tuple[Doom, ...] = ()
    partitions: int = 2


@dataclass(frozen=True)
class Outcome:
    """``effects`` has every content with which an event id was published; ``states`` the changelog's last word on each
    key, ``disks`` and ``changelogs`` the rows of each partition as its last owner and the broker have them, ``steps``
    how many steps the last life of partition 0 took."""

    published: tuple[Effect, ...]
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
