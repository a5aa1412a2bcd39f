"""The topic registry, one entry a topic: name, event, key, writers, readers, retention. Code, topic set-up and
documents derive from it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.events import (
    BlockingKeyAssigned,
    BrandConfigured,
    BudgetAnswered,
    BudgetClaimed,
    CapacityReported,
    ConsentChanged,
    ConsentStated,
    ContactKeyCreated,
    ContactRecorded,
    CostReported,
    CouponAnswered,
    CouponChanged,
    CouponRequested,
    DeploymentConfigured,
    ErasureApplied,
    Event,
    EventRejected,
    EventReplayed,
    ExperimentExposed,
    IdentityChanged,
    IdentityMatched,
    IdentitySignalled,
    OrderClaimed,
    PointsMoved,
    PrivacyAnswered,
    PrivacyRequested,
    PrivacyResolved,
    ProfileErased,
    ProfileShown,
    ReferralChanged,
    RewardPosted,
    SaleReferenced,
    SaleReturned,
    ScanMissed,
    ScanRouted,
    StateMoved,
    StockReported,
    TagCounted,
    TouchpointIdentified,
    TouchpointReceived,
    TouchpointRecorded,
)
from schemas.ids import derived

DAY_MS = 86_400_000
DAY_US = 1000 * DAY_MS
FOREVER_MS = -1
MAX_RECORD_BYTES = 2 << 20
"""Largest record of an event topic, as ``footpath topics apply`` sets it; a rejected record is a field of another."""
FRAMING_BYTES = 1024
"""Upper limit of what headers and Kafka's framing add to key and value of a record: brokers and clients count them."""
MAX_STATE_BYTES = 8 << 20
"""Largest record of a changelog. A component is one row of identity's state, some 240 bytes for each identifier."""
PARTITIONS = 2
"""What `footpath up` creates, for one machine: two workers have one each. Every further partition costs a batch, a
produce request and a transaction of its own wherever something is published, taken or committed. Topics that share keys
have equally many, so that a worker owns the same keys in each."""
CLUSTER_PARTITIONS = 64
"""What `footpath topics apply` creates: the number cannot grow later, and no more workers of a processor have work."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the system.

    ``name`` is ``footpath.<noun>-<past participle>.v<N>``, behind the deployment's prefix; ``table`` the ClickHouse
    table of that name in snake_case;
    ``key`` gives the text key of an event, which decides its partition; ``keyed_by`` names that key for readers;
    ``retention_ms`` is -1 for ever; a compacted topic keeps the last event of each key;
    a transactional one may hold events that were written in a transaction, such as that of their writer's state, so it
    is read committed and its offsets have gaps; ``destroyed_ms`` is how long a record of a compacted topic may stay on
    the brokers' disks after its tombstone.
    """

    noun: str
    event: type[Event]
    key: Callable[..., str]
    keyed_by: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    retention_ms: int = FOREVER_MS
    compacted: bool = False
    transactional: bool = False
    destroyed_ms: int | None = None
    name: str = field(init=False, compare=False)
    table: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"footpath.{self.noun}.v1")
        object.__setattr__(self, "table", self.noun.replace("-", "_"))


INTAKE_WINDOW_MS = 90 * DAY_MS
"""How long intake remembers the events of senders: so long an event that is sent again counts once."""
TOUCHPOINT_RECEIVED = Topic(
    "touchpoint-received",
    TouchpointReceived,
    lambda e: e.event_id,
    "event id",
    written_by=("gateway",),
    read_by=("intake",),
    retention_ms=INTAKE_WINDOW_MS,
)
ORDER_CLAIMED = Topic(
    "order-claimed",
    OrderClaimed,
    lambda e: e.order,
    "order",
    written_by=("intake",),
    read_by=("intake",),
    retention_ms=7 * DAY_MS,
)
TOUCHPOINT_RECORDED = Topic(
    "touchpoint-recorded",
    TouchpointRecorded,
    lambda e: e.primary_identifier or e.event_id,
    "primary identifier, or event id of a receipt without a person",
    written_by=("gateway", "intake"),
    read_by=("identity", "sink"),
)
TOUCHPOINT_IDENTIFIED = Topic(
    "touchpoint-identified",
    TouchpointIdentified,
    lambda e: e.person_id or e.event_id,
    "person id, or event id of a receipt without a person",
    written_by=("identity",),
    read_by=("context", "rewards", "consent", "matching", "sink"),
)
BLOCKING_KEY_ASSIGNED = Topic(
    "blocking-key-assigned",
    BlockingKeyAssigned,
    lambda e: e.block,
    "block",
    written_by=("matching",),
    read_by=("matching",),
    retention_ms=7 * DAY_MS,
    transactional=True,
)
IDENTITY_MATCHED = Topic(
    "identity-matched",
    IdentityMatched,
    lambda e: e.block,
    "block",
    written_by=("matching",),
    read_by=("sink",),
    transactional=True,
)
IDENTITY_SIGNALLED = Topic(
    "identity-signalled",
    IdentitySignalled,
    lambda e: e.identifier,
    "identifier",
    written_by=("identity", "brand apply"),
    read_by=("identity",),
    retention_ms=7 * DAY_MS,
    transactional=True,
)
IDENTITY_CHANGED = Topic(
    "identity-changed",
    IdentityChanged,
    lambda e: e.person_id,
    "person id",
    written_by=("identity",),
    read_by=("context", "rewards", "consent", "sink"),
    transactional=True,
)
STATE_MOVED = Topic(
    "state-moved",
    StateMoved,
    lambda e: e.winner_person_id,
    "winner person id",
    written_by=("context", "rewards", "consent"),
    read_by=("context", "rewards", "consent", "sink"),
    transactional=True,
)
SCAN_ROUTED = Topic(
    "scan-routed",
    ScanRouted,
    lambda e: e.scan_event_id,
    "scan event id, on the partition that its gateway asked for",
    written_by=("context",),
    read_by=("gateway", "sink"),
)
SCAN_MISSED = Topic(
    "scan-missed",
    ScanMissed,
    lambda e: e.scan_event_id,
    "scan event id",
    written_by=("gateway",),
    read_by=("sink",),
)
EXPERIMENT_EXPOSED = Topic(
    "experiment-exposed",
    ExperimentExposed,
    lambda e: e.person_id,
    "person id",
    written_by=("context",),
    read_by=("sink",),
)
SALE_REFERENCED = Topic(
    "sale-referenced",
    SaleReferenced,
    lambda e: derived("sale", e.sale_event_id),
    "sale",
    written_by=("rewards",),
    read_by=("rewards",),
    retention_ms=7 * DAY_MS,
    transactional=True,
)
SALE_RETURNED = Topic(
    "sale-returned",
    SaleReturned,
    lambda e: e.person_id,
    "person id",
    written_by=("rewards",),
    read_by=("context", "rewards"),
    transactional=True,
)
REWARD_POSTED = Topic(
    "reward-posted",
    RewardPosted,
    lambda e: e.person_id,
    "person id",
    written_by=("rewards",),
    read_by=("gateway", "sink"),
)
BUDGET_CLAIMED = Topic(
    "budget-claimed",
    BudgetClaimed,
    lambda e: e.key,
    "limit, or holder of a lease of it",
    written_by=("rewards", "budgets"),
    read_by=("budgets", "sink"),
    transactional=True,
)
BUDGET_ANSWERED = Topic(
    "budget-answered",
    BudgetAnswered,
    lambda e: e.person_id,
    "person id",
    written_by=("budgets",),
    read_by=("rewards", "sink"),
    transactional=True,
)
COUPON_REQUESTED = Topic(
    "coupon-requested",
    CouponRequested,
    lambda e: e.key,
    "code, or what else decides (processors/coupons/actions.py)",
    written_by=("rewards", "coupons", "gateway", "coupons import", "coupons void"),
    read_by=("coupons",),
    transactional=True,
)
COUPON_CHANGED = Topic(
    "coupon-changed",
    CouponChanged,
    lambda e: e.code,
    "code",
    written_by=("coupons",),
    read_by=("sink",),
    transactional=True,
)
COUPON_ANSWERED = Topic(
    "coupon-answered",
    CouponAnswered,
    lambda e: e.request_id,
    "request, on the partition that its gateway asked for",
    written_by=("coupons",),
    read_by=("gateway",),
    retention_ms=7 * DAY_MS,
    transactional=True,
)
REFERRAL_CHANGED = Topic(
    "referral-changed",
    ReferralChanged,
    lambda e: e.person_id,
    "person id",
    written_by=("rewards",),
    read_by=("rewards", "sink"),
    transactional=True,
)
POINTS_MOVED = Topic(
    "points-moved",
    PointsMoved,
    lambda e: e.person_id,
    "person id",
    written_by=("rewards",),
    read_by=("rewards",),
    retention_ms=INTAKE_WINDOW_MS,
    transactional=True,
)
CONSENT_STATED = Topic(
    "consent-stated",
    ConsentStated,
    lambda e: e.person_id,
    "person id",
    written_by=("identity",),
    read_by=("context", "rewards", "consent", "matching"),
    transactional=True,
)
CONSENT_CHANGED = Topic(
    "consent-changed",
    ConsentChanged,
    lambda e: e.person_id,
    "person id",
    written_by=("consent",),
    read_by=("sink",),
    transactional=True,
)
PRIVACY_KEPT_MS = 90 * DAY_MS
"""How long a request of a person about their data is kept with what was found for it. Answers are kept for ever, as a
receipt has to be; the data that they carry is not (sinks/privacy/)."""
DESTROYED_MS = DAY_MS
"""How long a contact, its key or the data of an answer may stay on the brokers' disks after it was destroyed."""
PRIVACY_REQUESTED = Topic(
    "privacy-requested",
    PrivacyRequested,
    lambda e: e.identifier,
    "identifier",
    written_by=("gateway",),
    read_by=("identity",),
    retention_ms=PRIVACY_KEPT_MS,
)
PRIVACY_RESOLVED = Topic(
    "privacy-resolved",
    PrivacyResolved,
    lambda e: e.request_id,
    "request",
    written_by=("identity",),
    read_by=("privacy",),
    retention_ms=PRIVACY_KEPT_MS,
    transactional=True,
)
PROFILE_ERASED = Topic(
    "profile-erased",
    ProfileErased,
    lambda e: e.person_id,
    "person id",
    written_by=("identity",),
    read_by=("context", "rewards", "consent", "matching", "gateway", "sink"),
    transactional=True,
)
ERASURE_APPLIED = Topic(
    "erasure-applied",
    ErasureApplied,
    lambda e: e.request_id,
    "request",
    written_by=("identity", "context", "rewards", "consent", "matching"),
    read_by=("privacy",),
    retention_ms=PRIVACY_KEPT_MS,
    transactional=True,
)
PRIVACY_ANSWERED = Topic(
    "privacy-answered",
    PrivacyAnswered,
    lambda e: f"{e.request_id}/{e.part}" if e.part else e.request_id,
    "request, and the part of its data",
    written_by=("gateway", "privacy"),
    read_by=("gateway", "privacy"),
    compacted=True,
    destroyed_ms=DESTROYED_MS,
)
PROFILE_SHOWN = Topic(
    "profile-shown",
    ProfileShown,
    lambda e: e.source,
    "key id",
    written_by=("gateway",),
    read_by=("sink",),
)
CONTACT_RECORDED = Topic(
    "contact-recorded",
    ContactRecorded,
    lambda e: e.identifier,
    "identifier",
    written_by=("gateway",),
    read_by=("gateway",),
    compacted=True,
    destroyed_ms=DESTROYED_MS,
)
CONTACT_KEY_CREATED = Topic(
    "contact-key-created",
    ContactKeyCreated,
    lambda e: f"{e.identifier}/{e.key_id}",
    "identifier/key id, on the partition of the identifier",
    written_by=("gateway", "contact-keys rewrap"),
    read_by=("gateway", "contact-keys rewrap"),
    compacted=True,
    destroyed_ms=DESTROYED_MS,
)
TAG_COUNTED = Topic(
    "tag-counted",
    TagCounted,
    lambda e: f"{e.tag}/{e.chip}",
    "tag/chip",
    written_by=("gateway",),
    read_by=("gateway",),
    compacted=True,
)
STOCK_REPORTED = Topic(
    "stock-reported",
    StockReported,
    lambda e: f"{e.store}/{e.sku}",
    "store/sku",
    written_by=("gateway",),
    read_by=("context", "sink"),
    compacted=True,
)
CAPACITY_REPORTED = Topic(
    "capacity-reported",
    CapacityReported,
    lambda e: f"{e.store}/{e.service}",
    "store/service",
    written_by=("gateway",),
    read_by=("context", "sink"),
    compacted=True,
)
COST_REPORTED = Topic(
    "cost-reported",
    CostReported,
    # The parts have no control characters, so different events never share a key.
    lambda e: "\x1f".join((e.campaign, e.channel, e.placement, e.store, e.tag, str(e.occurred_at // DAY_US))),
    "campaign, channel, placement, store, tag and day since 1970 (UTC)",
    written_by=("gateway",),
    read_by=("sink",),
    compacted=True,
)
BRAND_CONFIGURED = Topic(
    "brand-configured",
    BrandConfigured,
    lambda e: f"{e.kind}/{e.id}",
    "kind/id",
    written_by=("brand apply",),
    read_by=("gateway", "identity", "context", "coupons", "rewards", "consent", "matching", "budgets", "sink"),
    compacted=True,
    transactional=True,
)
EVENT_REJECTED = Topic(
    "event-rejected",
    EventRejected,
    lambda e: e.event_id,
    "event id",
    written_by=(
        "gateway",
        "identity",
        "context",
        "coupons",
        "rewards",
        "consent",
        "matching",
        "intake",
        "budgets",
        "sink",
        "privacy",
    ),
    read_by=("sink",),
    retention_ms=90 * DAY_MS,
    transactional=True,
)
EVENT_REPLAYED = Topic(
    "event-replayed",
    EventReplayed,
    lambda e: e.reject_event_id,
    "event id of the reject",
    written_by=("replay rejected",),
    read_by=("replay rejected", "sink"),
    compacted=True,
    transactional=True,
)
DEPLOYMENT_CONFIGURED = Topic(
    "deployment-configured",
    DeploymentConfigured,
    lambda e: e.setting,
    "setting",
    written_by=("gateway", "deployment accept-key"),
    read_by=("gateway",),
    compacted=True,
    transactional=True,
)

TOPICS: tuple[Topic, ...] = (
    TOUCHPOINT_RECEIVED,
    ORDER_CLAIMED,
    TOUCHPOINT_RECORDED,
    TOUCHPOINT_IDENTIFIED,
    BLOCKING_KEY_ASSIGNED,
    IDENTITY_MATCHED,
    IDENTITY_SIGNALLED,
    IDENTITY_CHANGED,
    STATE_MOVED,
    SCAN_ROUTED,
    SCAN_MISSED,
    EXPERIMENT_EXPOSED,
    SALE_REFERENCED,
    SALE_RETURNED,
    REWARD_POSTED,
    POINTS_MOVED,
    BUDGET_CLAIMED,
    BUDGET_ANSWERED,
    COUPON_REQUESTED,
    COUPON_CHANGED,
    COUPON_ANSWERED,
    REFERRAL_CHANGED,
    CONSENT_STATED,
    CONSENT_CHANGED,
    PRIVACY_REQUESTED,
    PRIVACY_RESOLVED,
    PROFILE_ERASED,
    ERASURE_APPLIED,
    PRIVACY_ANSWERED,
    PROFILE_SHOWN,
    CONTACT_RECORDED,
    CONTACT_KEY_CREATED,
    TAG_COUNTED,
    STOCK_REPORTED,
    CAPACITY_REPORTED,
    COST_REPORTED,
    BRAND_CONFIGURED,
    EVENT_REJECTED,
    EVENT_REPLAYED,
    DEPLOYMENT_CONFIGURED,
)
BY_EVENT: dict[type[Event], Topic] = {topic.event: topic for topic in TOPICS}
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}


_PREFIX = [""]


def set_prefix(prefix: str) -> None:
    """Puts FOOTPATH_KAFKA_PREFIX before every name on Kafka; called once by the entry of a process."""
    _PREFIX[0] = prefix
    for topic in TOPICS:
        object.__setattr__(topic, "name", f"{prefix}footpath.{topic.noun}.v1")
    BY_NAME.clear()
    BY_NAME.update({topic.name: topic for topic in TOPICS})


def partition_key(topic: str, key: str) -> str:
    """What decides a record's partition: its key; of the keys of contacts their identifier, so that all keys of one
    are found on one partition. :param topic: its name."""
    return key.rpartition("/")[0] if topic == CONTACT_KEY_CREATED.name else key


def with_prefix(name: str) -> str:
    """The name of a consumer group or a transactional id as this deployment has it."""
    return _PREFIX[0] + name


def changelog(processor: str) -> str:
    """Name of the topic that holds the state of a processor: compacted, keyed like its sources, written in
    transactions."""
    return with_prefix(f"footpath.{processor}-state.v1")
