"""Why something is refused, dropped or missed: the only place where a reason is written as text.

The members are texts themselves, and their values stand on topics, in tables and in metrics: they never change.
"""

from enum import StrEnum


class RejectReason(StrEnum):
    """Why an event cannot be used: ``reason`` of event-rejected and of the events API's answer."""

    MALFORMED = "malformed"
    """Not the JSON object that the events API takes: a wrong type, an unknown or missing field."""
    UNKNOWN_TYPE = "unknown_type"
    """No such kind of touchpoint."""
    INVALID = "invalid"
    """A field has a value that cannot be: impossible time, negative money, an identifier that is none."""
    FORBIDDEN = "forbidden"
    """The key may not send this kind of event."""
    BLOCKED_VALUE = "blocked_value"
    """All identifiers are placeholders such as null or 000000."""
    UNPROVEN = "unproven"
    """The key is public, and no identifier has a proof of the brand's server."""
    CONFLICT = "conflict"
    """Its sender sent another event under the same id before."""
    UNDECODABLE = "undecodable"
    """Bytes on a topic that are no event."""
    UNKNOWN_SCHEMA = "unknown_schema"
    """An event written with a schema that its topic never had."""
    EXCEPTION = "exception"
    """The code of the stage raised an exception on it: a bug, or a value that nobody thought of."""
    TOO_LARGE = "too_large"
    """What follows from it is larger than a record or a state may be."""
    UNSTORABLE = "unstorable"
    """ClickHouse refuses its row, and takes others of the table."""
    UNPUBLISHED = "unpublished"
    """Kafka refuses its record, and takes others of the topic."""


class EdgeReason(StrEnum):
    """Why an edge between two identifiers is refused: ``reason`` of identity-changed."""

    BLOCKED_VALUE = "blocked_value"
    """One of the identifiers is a placeholder."""
    HUB = "hub"
    """One of the identifiers was seen with more others than its type may be, around the time of the edge."""
    SHARED_DEVICE = "shared_device"
    """One of the identifiers is a device that many people use, such as a kiosk."""
    TOO_MANY = "too_many"
    """Followed by a colon and a type: the person would have more identifiers of the type than one may have."""
    NO_CONSENT = "no_consent"
    """The person of one of the identifiers withdrew the consent to be recognised, or did not give it where it is asked
    for first."""
    KEPT_APART = "kept_apart"
    """The edge would join two identifiers that an operator unlinked."""
    PERSON_SIZE = "person_size"
    """The person would have more identifiers than a person may have. The edge is in quarantine."""


class MissReason(StrEnum):
    """Why a scan was answered with its tag's fallback: ``reason`` of scan-missed."""

    LATE = "late"
    """No decision came within the deadline."""
    UNAVAILABLE = "unavailable"
    """Kafka was away; the scan is in the spool."""


class DropReason(StrEnum):
    """Why a processor needs no answer to an event; a label of its metrics."""

    DUPLICATE = "duplicate"
    """The event was taken before."""
    ERASED = "erased"
    """The event belongs to somebody who was erased."""
    NO_TAG = "no_tag"
    """A scan that names no tag."""
    UNKNOWN_TAG = "unknown_tag"
    """A scan of a tag that the brand does not have."""
    NO_CONSENT = "no_consent"
    """Points that are not kept, or traits that are not compared: their person does not agree to be recognised."""
    NO_PURPOSE = "no_purpose"
    """A consent event that names no purpose, as gateways up to 0.2 took them."""
    OVERSIZED = "oversized"
    """The record's block has more records than are compared."""
    DOUBLE_REDEMPTION = "double_redemption"
    """An offline till took a coupon that was used elsewhere, too: the row of coupon_changed says where."""
    LOW_TRUST = "low_trust"
    """Points that are not posted: the trust in the scan is below what their rule asks for."""
    PREVIEW = "preview"
    """A preview, which is nobody's."""
    SCAN_REFUSED = "scan_refused"
    """A refused scan, which is nobody's."""


class CouponReason(StrEnum):
    """Why a coupon does not do what a till asks: ``reason`` of coupon-answered, and of the answer itself."""

    UNKNOWN_CODE = "unknown_code"
    """404. There is no such coupon."""
    USED = "used"
    """409. It was used; the answer says when and where."""
    RESERVED = "reserved"
    """409. Another basket has it, until the time in the answer."""
    RELEASED = "released"
    """409. This redemption was given back: another one needs another id."""
    NOT_HELD = "not_held"
    """409. The redemption that is to be given back does not have the coupon."""
    EXPIRED = "expired"
    """410. It could be used until the time in the answer."""
    VOID = "void"
    """410. It was withdrawn."""
    CURRENCY = "currency"
    """422. It is for another currency."""
    STORE = "store"
    """422. It is for other stores."""
    HOURS = "hours"
    """422. It is for other hours."""
    PRODUCTS = "products"
    """422. The basket has none of its products or categories."""
    MINIMUM = "minimum"
    """422. What it is for is worth too little."""
    EXCLUDED = "excluded"
    """422. Another coupon of the basket and this one exclude each other; the answer names it."""
    STACKING = "stacking"
    """422. A coupon of the basket applies after this one and was taken before; the answer names it."""
    PER_BASKET = "per_basket"
    """422. The basket has as many coupons of its pool as may meet."""


class RefusalReason(StrEnum):
    """Why points are not moved: ``reason`` of an entry of the kind refused."""

    NOT_ENOUGH = "not_enough"
    """The person cannot spend so many."""
    NO_REDEMPTION = "no_redemption"
    """The person has no such redemption, or it is older than the latest ones that are kept."""
    RETURNED = "returned"
    """All of the redemption was given back before."""


class TrustReason(StrEnum):
    """What speaks against a scan: ``trust_reasons`` of a touchpoint. ``schemas.trust.score`` says how much."""

    FORGED = "forged"
    """The link has a signature that is none, or one of a key that is not accepted; refused."""
    UNSIGNED = "unsigned"
    """The link has no signature, and its tag demands one; refused."""
    CODE_EXPIRED = "code_expired"
    """The screen has shown other codes since; refused."""
    KEY_OUTLIVED = "key_outlived"
    """The key of a printed code signs no more."""
    COUNTER_REPLAYED = "counter_replayed"
    """The chip was tapped later than this link was made: a copy."""
    TAG_VELOCITY = "tag_velocity"
    """The tag is scanned more often than people stand before it."""
    DEVICE_VELOCITY = "device_velocity"
    """The device scans more often than a person can."""
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    """The device was in another store, too far away for the time between."""
    BOT_DOUBT = "bot_doubt"
    """The client says nothing of itself that a browser says."""
    BOT = "bot"
    """The client says that it is a program, or fetches previews; a preview."""
    PREFETCH = "prefetch"
    """The browser asks before its person does; a preview."""
    HEAD = "head"
    """Only the head is asked for; a preview."""
