"""The story of one event: what each part of the system made of it, as ClickHouse has it.

Times are UTC. Ids of events have their namespace (``till/1001``), identifiers are ``type:hash``.
"""

from datetime import datetime
from enum import IntEnum

import msgspec


class Ending(IntEnum):
    """What became of an event, as an exit code of `footpath why`."""

    TOLD = 0
    DIFFERS = 2
    UNKNOWN = 3
    REJECTED = 4
    NOT_STORED = 5
    ERASED = 6


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The touchpoint as the gateway took it. ``stored_at`` is when its row was inserted, here and below."""

    type: str
    occurred_at: datetime
    received_at: datetime
    stored_at: datetime
    source: str
    identifiers: list[str]
    store: str = ""
    tag: str = ""
    placement: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    channel: str = ""
    amount: str | None = None
    currency: str = ""
    related_event_id: str = ""
    properties: str = "{}"
    revision: int = 0
    language: str = ""
    trust: int | None = None
    trust_reasons: list[str] = []


class Edge(msgspec.Struct, frozen=True):
    """The latest status of an edge of the person's identifiers, and the event that gave it."""

    identifier: str
    other_identifier: str
    status: str
    reason: str
    decided_by_event_id: str
    occurred_at: datetime


class Change(msgspec.Struct, frozen=True):
    """A change of a person: appeared, merged, split or erased."""

    change: str
    person_id: str
    into_person_id: str
    source_profile_id: str
    identifier: str
    source_event_id: str
    occurred_at: datetime


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """Whom identity took the event for, and who that is now; both empty where the row names nobody.

    ``edges`` and ``changes`` have the latest of ``edges_in_all`` and ``changes_in_all``, the oldest first.
    """

    person_id: str
    source_profile_id: str
    person_now: str
    primary_identifier: str
    stored_at: datetime
    edges: list[Edge] = []
    edges_in_all: int = 0
    changes: list[Change] = []
    changes_in_all: int = 0


class Candidate(msgspec.Struct, frozen=True):
    """A route, in the order of evaluation; ``lost_because`` is empty for the one that won."""

    route: str
    priority: int
    lost_because: str


class Routed(msgspec.Struct, frozen=True, kw_only=True):
    """The decision; ``inputs`` is an empty object where they are not stored."""

    stored_at: datetime
    brand_version: str
    moment: str
    route: str
    action: str
    destination: str
    title: str
    text: str
    label: str
    content: str
    inputs: msgspec.Raw
    candidates: list[Candidate]
    waited: bool


class Missed(msgspec.Struct, frozen=True):
    """The tag's fallback was served, because no decision came in time."""

    reason: str
    waited_ms: float
    destination: str
    stored_at: datetime


class Entry(msgspec.Struct, frozen=True):
    """A ledger entry that the event caused, or one that reverses such an entry (``reverses_event_id``)."""

    event_id: str
    kind: str
    points: int
    rule: str
    rule_version: int
    person_id: str
    source_event_id: str
    reverses_event_id: str
    occurred_at: datetime
    stored_at: datetime


class Said(msgspec.Struct, frozen=True):
    """What the person had said of a purpose, or of a channel of marketing, until the event; the latest of each."""

    purpose: str
    channel: str
    kind: str
    after: str
    policy_version: str
    source_event_id: str
    occurred_at: datetime


class Rejected(msgspec.Struct, frozen=True):
    """A reject of the event's id; ``replayed`` is the outcome of its last replay, empty without one."""

    event_id: str
    stage: str
    reason: str
    field: str
    detail: str
    occurred_at: datetime
    replayed: str


class Step(msgspec.Struct, frozen=True):
    """A step, when it was, and how long after the one before."""

    step: str
    at: datetime
    after_ms: float


class Difference(msgspec.Struct, frozen=True):
    """A field of the answer as it was and as it would be."""

    field: str
    was: str
    now: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The decision once more. ``by`` says under which configuration; ``impossible`` why there is none, or is empty.

    ``notes`` say what was not known and what was taken instead.
    """

    by: str
    brand_version: str = ""
    same: bool = False
    differences: list[Difference] = []
    candidates: list[Candidate] = []
    notes: list[str] = []
    impossible: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``nobody`` says why the rows name no person, and is empty where they do; ``waits_for`` names the steps
    that are not stored (yet)."""

    event_id: str
    ending: Ending
    recorded: Recorded | None = None
    recognised: Recognised | None = None
    consent: list[Said] = []
    routed: Routed | None = None
    missed: Missed | None = None
    entries: list[Entry] = []
    rejects: list[Rejected] = []
    nobody: str = ""
    waits_for: list[str] = []
    no_decision: str = ""
    times: list[Step] = []
    recomputed: Comparison | None = None
