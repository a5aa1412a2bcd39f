"""What a processor is: pure functions over its state, and the effects that they may ask the shell for.

Whatever is created for every event is a msgspec struct: creating one takes a tenth of the time of a frozen dataclass.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from schemas.events import Event
from schemas.reasons import DropReason, RejectReason
from schemas.topics import BRAND_CONFIGURED, ERASURE_APPLIED, EVENT_REJECTED, FOREVER_MS, STATE_MOVED, Topic


class Emit(msgspec.Struct, frozen=True, gc=False):
    """Publish an event on its topic; ``partition`` overrides the partition of its key.

    ``transactional`` events are written in the transaction that commits the state they follow from: either both are
    readable or neither is, and each event exists once. They are readable only after that commit, so an event that a
    phone waits for is not transactional: it is published before the commit, and after a crash it may be published
    again with the same id.
    """

    event: Event
    partition: int | None = None
    transactional: bool = False


class Reject(msgspec.Struct, frozen=True, gc=False):
    """The event cannot be used: its bytes are published on event-rejected. ``reason`` is one of schemas.reasons."""

    reason: RejectReason
    detail: str
    field: str = ""


class Drop(msgspec.Struct, frozen=True, gc=False):
    """The event needs no answer and nothing is wrong with it; drops are counted by reason."""

    reason: DropReason


class Purge(msgspec.Struct, frozen=True, gc=False):
    """The state of this key had data of somebody who is erased: what was stored of the key before is to leave the disk
    soon, not only when the store happens to rewrite the files that have it."""


PURGE = Purge()
S = TypeVar("S", bound=msgspec.Struct)

Effect = Emit | Reject | Drop | Purge


class Step(msgspec.Struct, Generic[S], frozen=True, gc=False):
    """What follows from one event: the new state of its key (None: no state is stored) and the effects, in order."""

    state: S | None
    effects: tuple[Effect, ...] = ()


def keep_whole(state: S, own: str) -> tuple[S | None, S | None]:
    """The ``split`` of a state without parts: everything stays."""
    return state, None


def one_thing(state: Any) -> int:
    """The ``size`` of a state that is not looked into."""
    return 1


Migration = Callable[[Any], Any]
"""A state of one version to that of the next, as plain values."""


def unchanged(state: Any) -> Any:
    """The ``canonical`` form of a state that is the same in whatever order its events were taken."""
    return state


@dataclass(frozen=True, slots=True)
class PublishedVersions(Generic[S]):
    """Version numbers that a processor has published, below which a rebuilt state must not count.

    Readers of ``topic`` take, of all events about one id, the one with the highest version. A state that is rebuilt in
    another order of records may need fewer steps and hence lower numbers than were published; its next event would be
    ignored. `footpath replay state --write` therefore reads the topic from its first record, keeps the highest version
    of each id, and raises the rebuilt states before it writes them. Both functions are pure.

    ``versions_of(event)`` gives the ids that an event of the topic is about, each with the event's version.
    ``raised(key, state, published)`` gives the state with no version below the published ones; ``key`` is the state's
    key, ``published`` the highest version by id.
    """

    topic: Topic
    versions_of: Callable[[Any], Iterable[tuple[str, int]]]
    raised: Callable[[str, S, Mapping[str, int]], S]


@dataclass(frozen=True, slots=True)
class Processor(Generic[S]):
    """A core with all that the shell, set-up, replay and tests need to know of it. All functions are pure: they mutate
    nothing and take time from the event, so equal inputs give equal bytes in every replay.

    ``processors/registry.py`` lists all processors.

    ``name``
        Name of its folder, of its consumer group (``footpath-<name>``) and of its changelog.
    ``sources``
        Topics whose events ``step`` takes; the shell consumes them. The first one is where work comes from; the others
        carry messages between processors. ``by_person`` processors list identity-changed, state-moved and
        profile-erased as well: their events are applied by the shell and do not reach ``step``.
    ``emits``
        Topics of the events that ``step``, ``merge`` and ``erase`` may emit. Not among them: what the shell publishes,
        event-rejected for every processor, state-moved and erasure-applied for those ``by_person``.
    ``state``
        The class of a key's state, stored as msgpack in the changelog.
    ``step(state | None, event, reference)``
        Called by the shell for each event that is no duplicate, in the order of its partition.
    ``merge(winner | None, loser)``
        Joins the states of two people and gives what follows; called by the shell when a part arrives, and without a
        winner for what stays when a part has left. Applying it twice with the same loser changes nothing.
    ``erase(state)``
        The effects that are due when a source profile is erased; called by the shell with a state that has its part
        alone, which is not stored any more.
    ``size(state)``
        How many things a state has: what an erasure reports as removed.
    ``by_person``
        Whether keys are person ids: the shell then moves and deletes state as people merge, split and are erased.
    ``split(state, own)``
        Takes the part of one source profile out of a person's state: the rest and the part, None where either is
        empty; merging the two gives the state again. Called by the shell when a source profile changes its person.
    ``reference``
        Topics of the reference data that the core reads; see ``processors/reference.py``.
    ``linger_ms``
        How long events may wait to be taken, and effects to be sent, with others, which saves Kafka requests; 0 where a
        phone waits for the answer.
    ``canonical(state)``
        The state without what only the order of records of different topics decides. Called by `footpath replay state`
        on stored and on rebuilt states, which are equal when their canonical forms are. The form is made of anything
        that msgspec encodes; mappings are compared without their order, sequences with it.
    ``knows_duplicates``
        Whether ``step`` finds duplicates by itself, in its state: the shell then stores no event ids for it.
    ``state_kept_ms``
        How long a key's state is kept after it was last written, in the changelog and in the stores; by default for
        ever.
    ``published``
        Versions that a rebuilt state must not fall below, for a processor that publishes versions.
    ``any_order``
        Whether it does not matter which of its sources a new owner takes first, although its keys are not people and
        some sources have transactions: what it publishes at once follows from one event.
    ``rebuilt_from``
        For a source whose events were decided by what the state was when they were taken: the topic on which the
        processor published the decision. A rebuild reads it in the source's place, and ``step`` takes its events.
    ``migrations``
        One for each version of the state after the first, in order: from the state of the version before, as
        MessagePack's plain values (lists, dicts, text, numbers), to that of the next. Called when a row of an earlier
        version is read. Fields that are appended with defaults need none.
    ``wakes(state)``
        When the state wants to act without an event, in microseconds since 1970 UTC; None: not as it is now. The shell
        has no other timers than these; a timer follows its state, whatever happens to that. Called for each state that
        changed, so it has to be quick.
    ``due(state, at, reference)``
        What the state does at the time ``at`` at which it wakes; the new state wakes later, or not at all. Called when
        every record that Kafka took before that time was applied, and with this time however late that is. All its
        effects are transactional.
    ``timers_version``
        Counted up when ``wakes`` gives other times for the same state: stores derive their timers anew.
    """

    name: str
    sources: tuple[Topic, ...]
    emits: tuple[Topic, ...]
    state: type[S]
    step: Callable[[S | None, Any, Any], Step[S]]
    merge: Callable[[S | None, S], Step[S]]
    erase: Callable[[S], tuple[Effect, ...]]
    by_person: bool = False
    split: Callable[[S, str], tuple[S | None, S | None]] = keep_whole
    size: Callable[[S], int] = one_thing
    reference: tuple[Topic, ...] = (BRAND_CONFIGURED,)
    linger_ms: int = 0
    canonical: Callable[[S], Any] = unchanged
    published: PublishedVersions[S] | None = None
    knows_duplicates: bool = False
    state_kept_ms: int = FOREVER_MS
    any_order: bool = False
    rebuilt_from: Mapping[Topic, Topic] = field(default_factory=dict)
    migrations: tuple[Migration, ...] = ()
    wakes: Callable[[S], int | None] | None = None
    due: Callable[[S, int, Any], Step[S]] | None = None
    timers_version: int = 1

    @property
    def reads(self) -> tuple[Topic, ...]:
        """Every topic that a worker of this processor reads; ``Topic.read_by`` has the same by topic."""
        return (*self.sources, *self.reference)

    @property
    def writes(self) -> tuple[Topic, ...]:
        """Every topic that a worker of this processor writes, for its core or by itself; ``Topic.written_by`` has the
        same by topic."""
        by_shell = (STATE_MOVED, ERASURE_APPLIED) if self.by_person else ()
        return (*self.emits, *by_shell, EVENT_REJECTED)
