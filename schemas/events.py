"""The events as frozen classes, one for each record in avro/. The .avsc files are the source and document each field; a
test compares names, types and defaults.

Times are microseconds since 1970 UTC, money is in millionths of the currency, ids and identifiers are text.
An empty string means absent; None is used only where zero would be a value.
"""

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event has: a unique id, the same in every retry and replay, and the event time."""

    event_id: str
    occurred_at: int

    @property
    def dedup_id(self) -> str:
        """What makes the event unique in the stream: equal ones are taken once."""
        return self.event_id


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of a sale or return."""

    sku: str
    quantity: int
    amount_micros: int
    fraction_micros: int = 0


class TouchpointRecorded(Event, frozen=True, kw_only=True):
    type: str
    received_at: int
    source: str
    primary_identifier: str
    identifiers: tuple[str, ...]
    brand: str = ""
    store: str = ""
    tag: str = ""
    placement: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    channel: str = ""
    amount_micros: int | None = None
    currency: str = ""
    lines: tuple[Line, ...] = ()
    related_event_id: str = ""
    properties: str = "{}"
    reply_partition: int | None = None
    revision: int = 0
    language: str = ""
    trust: int | None = None
    trust_reasons: tuple[str, ...] = ()

    @property
    def statement_id(self) -> str:
        """Id of the event that stated what it says of consent: this one."""
        return self.event_id

    @property
    def dedup_id(self) -> str:
        """The id, and the revision: an event whose identifiers its sender has completed is taken once more."""
        return f"{self.event_id}\x1f{self.revision}" if self.revision else self.event_id


class TouchpointReceived(TouchpointRecorded, frozen=True, kw_only=True):
    content: str = ""


class OrderClaimed(TouchpointRecorded, frozen=True, kw_only=True):
    order: str


class TouchpointIdentified(TouchpointRecorded, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str = ""


class IdentityChanged(Event, frozen=True, kw_only=True):
    change: str
    person_id: str
    into_person_id: str = ""
    identifier: str = ""
    source_event_id: str
    source_profile_id: str = ""
    version: int = 0
    other_identifier: str = ""
    reason: str = ""


class IdentitySignalled(Event, frozen=True, kw_only=True):
    kind: str
    identifier: str
    body: bytes
    source_event_id: str


class BlockingKeyAssigned(Event, frozen=True, kw_only=True):
    block: str
    source_profile_id: str
    traits: bytes
    source_event_id: str


class Reason(msgspec.Struct, frozen=True, gc=False):
    """How well one trait of two records agrees: its level (0 the same, 5 none) and the weight of that level in bits."""

    field: str
    level: int
    bits: float


class IdentityMatched(Event, frozen=True, kw_only=True):
    change: str
    block: str
    person_id: str = ""
    other_person_id: str = ""
    probability: float = 0.0
    bits: float = 0.0
    reasons: tuple[Reason, ...] = ()
    model: str = ""
    source_event_id: str


class StateMoved(Event, frozen=True, kw_only=True):
    processor: str
    winner_person_id: str
    loser_person_id: str
    state: bytes
    source_event_id: str
    source_profile_id: str = ""
    version: int = 0


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A route that a decision evaluated; ``lost_because`` is empty for the winner."""

    route: str
    priority: int
    lost_because: str


class ScanRouted(Event, frozen=True, kw_only=True):
    scan_event_id: str
    person_id: str
    tag: str = ""
    store: str = ""
    moment: str
    route: str
    action: str
    destination: str
    title: str = ""
    text: str = ""
    label: str = ""
    candidates: tuple[Candidate, ...]
    inputs: str
    brand_version: str
    reply_partition: int | None = None
    content: str = "{}"


class ScanMissed(Event, frozen=True, kw_only=True):
    scan_event_id: str
    tag: str
    destination: str
    reason: str
    waited_ms: float


class Arm(msgspec.Struct, frozen=True, gc=False):
    """A variant of an experiment, and its share of the people drawn."""

    variant: str
    share: float


class ExperimentExposed(Event, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str
    experiment: str
    phase: str
    variant: str
    why: str
    arms: tuple[Arm, ...]
    scan_event_id: str
    route: str
    tag: str = ""
    store: str = ""
    brand_version: str
    analytics: str = ""


class RewardPosted(Event, frozen=True, kw_only=True):
    person_id: str
    kind: str
    points: int
    rule: str
    rule_version: int
    source_event_id: str
    reverses_event_id: str = ""
    source_profile_id: str = ""
    lot: str = ""
    campaign: str = ""
    active_at: int = 0
    expires_at: int = 0
    reason: str = ""
    forgiven: int = 0
    claim_id: str = ""
    balance: int = 0


class PointsMoved(Event, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str
    points: int
    expires_at: int = 0
    source_event_id: str
    reason: str = ""


class BudgetClaimed(Event, frozen=True, kw_only=True):
    key: str
    limit: str
    action: str
    claim_id: str = ""
    units: int = 0
    person_id: str = ""
    source_profile_id: str = ""
    rule: str = ""
    source_event_id: str = ""
    holder: str = ""
    numbers: tuple[int, ...] = ()
    size: int = -1


class BudgetAnswered(Event, frozen=True, kw_only=True):
    limit: str
    claim_id: str
    outcome: str
    units: int = 0
    first: int = -1
    person_id: str
    source_profile_id: str
    rule: str
    source_event_id: str


class CouponRequested(Event, frozen=True, kw_only=True):
    received_at: int = 0
    key: str
    action: str
    code: str = ""
    pool: str = ""
    ordinal: int = -1
    person_id: str = ""
    source_profile_id: str = ""
    rule: str = ""
    rule_version: int = 0
    source_event_id: str = ""
    campaign: str = ""
    source: str = ""
    store: str = ""
    redemption_id: str = ""
    basket: str = "{}"
    sale_event_id: str = ""
    amount_micros: int = 0
    left_micros: int = 0
    currency: str = ""
    expires_at: int = 0
    reason: str = ""
    request_id: str = ""
    terms: str = ""
    sender: str = ""
    attempt: int = 0
    reply_partition: int | None = None


class CouponChanged(Event, frozen=True, kw_only=True):
    code: str
    pool: str
    ordinal: int
    state: str
    version: int
    reason: str = ""
    person_id: str = ""
    source_profile_id: str = ""
    rule: str = ""
    rule_version: int = 0
    source_event_id: str = ""
    campaign: str = ""
    source: str = ""
    store: str = ""
    redemption_id: str = ""
    sale_event_id: str = ""
    discount_micros: int = 0
    currency: str = ""
    expires_at: int = 0


class CouponAnswered(Event, frozen=True, kw_only=True):
    request_id: str
    status: int
    reason: str = ""
    body: str = "{}"
    reply_partition: int | None = None


class ReferralEdge(msgspec.Struct, frozen=True, gc=False):
    """A referral by which its reader was found: both sides by numbers, and when the friend qualified."""

    referrer: int
    friend: int
    at: int


class ReferralChanged(Event, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str
    referral_id: str
    state: str
    referrer_profile_id: str
    friend_profile_id: str
    reason: str = ""
    qualifying_event_id: str = ""
    version: int = 0
    qualified_at: int = 0
    rule: str = ""
    rule_version: int = 0
    points: int = 0
    per_household: int = 0
    per_year: int = 0
    terms: int = 0
    expires_at: int = 0
    ties: tuple[int, ...] = ()
    lineage: tuple[ReferralEdge, ...] = ()


class SaleReferenced(Event, frozen=True, kw_only=True):
    sale_event_id: str
    return_event_id: str = ""
    person_id: str = ""
    source_profile_id: str = ""
    amount_micros: int = 0
    currency: str = ""


class SaleReturned(Event, frozen=True, kw_only=True):
    sale_event_id: str
    return_event_id: str
    amount_micros: int
    currency: str
    person_id: str
    source_profile_id: str


class ConsentStated(Event, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str
    type: str
    properties: str
    source: str = ""
    store: str = ""
    source_event_id: str

    @property
    def statement_id(self) -> str:
        """Id of the event that stated it."""
        return self.source_event_id


class ConsentChanged(Event, frozen=True, kw_only=True):
    person_id: str
    source_profile_id: str
    purpose: str
    channel: str = ""
    kind: str
    before: str = ""
    after: str
    policy_version: str = ""
    jurisdiction: str = ""
    expires_at: int = 0
    proof: str = "{}"
    source: str = ""
    store: str = ""
    source_event_id: str


class PrivacyRequested(Event, frozen=True, kw_only=True):
    request_id: str
    action: str
    scope: str
    identifier: str
    number: int = 0
    of: int = 1
    source: str


class PrivacyResolved(Event, frozen=True, kw_only=True):
    request_id: str
    action: str
    scope: str
    identifier: str
    number: int = 0
    of: int = 1
    person_id: str = ""
    identifiers: tuple[str, ...] = ()
    source_profile_ids: tuple[str, ...] = ()


class ProfileErased(Event, frozen=True, kw_only=True):
    request_id: str
    person_id: str
    source_profile_id: str
    identifier: str


class ErasureApplied(Event, frozen=True, kw_only=True):
    request_id: str
    processor: str
    source_profile_id: str
    removed: int


class PrivacyAnswered(Event, frozen=True, kw_only=True):
    request_id: str
    action: str
    status: str
    part: int = 0
    parts: int = 0
    detail: str = "{}"
    body: bytes = b""


class ProfileShown(Event, frozen=True, kw_only=True):
    request_id: str
    source: str
    via: str
    identifier: str
    outcome: str


class ContactRecorded(Event, frozen=True, kw_only=True):
    identifier: str
    key_id: str
    protected: bytes


class ContactKeyCreated(Event, frozen=True, kw_only=True):
    identifier: str
    key_id: str
    wrapped: bytes


class StockReported(Event, frozen=True, kw_only=True):
    store: str
    sku: str
    quantity: int
    received_at: int
    source: str


class CapacityReported(Event, frozen=True, kw_only=True):
    store: str
    service: str
    free: int | None = None
    queue_length: int | None = None
    wait_s: int | None = None
    expires_at: int
    received_at: int
    source: str


class CostReported(Event, frozen=True, kw_only=True):
    campaign: str
    channel: str = ""
    placement: str = ""
    store: str = ""
    tag: str = ""
    amount_micros: int
    currency: str
    received_at: int
    source: str


class BrandConfigured(Event, frozen=True, kw_only=True):
    kind: str
    id: str
    version: str
    body: str


class EventReplayed(Event, frozen=True, kw_only=True):
    reject_event_id: str
    replayed_event_id: str
    outcome: str
    stage: str
    reason: str


class DeploymentConfigured(Event, frozen=True, kw_only=True):
    setting: str
    fingerprint: str


class TagCounted(Event, frozen=True, kw_only=True):
    tag: str
    chip: str
    counter: int


class EventRejected(Event, frozen=True, kw_only=True):
    stage: str
    reason: str
    detail: str
    field: str = ""
    source_event_id: str = ""
    fingerprint: str = ""
    raw: bytes
    topic: str = ""
    partition: int = -1
    offset: int = -1
