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
    LOW_TRUST = "low_trust"
    """Points that are not posted: the trust in the scan is below what their rule asks for."""
    REFERRAL_BLOCKED = "referral_blocked"
    """A referral that is not paid; referral-changed says why."""
    PREVIEW = "preview"
    """A preview, which is nobody's."""
    SCAN_REFUSED = "scan_refused"
    """A refused scan, which is nobody's."""


class ReferralReason(StrEnum):
    """Why a referral is not paid, or not any more: ``reason`` of referral-changed."""

    SELF = "self"
    """Identity knows both sides as one person."""
    SHARED_IDENTIFIER = "shared_identifier"
    """Both sides bought with the same identifier, such as a card, though identity keeps them apart."""
    HOUSEHOLD = "household"
    """Other friends who bought with the same identifier were paid for already."""
    RING = "ring"
    """Of people who recommended each other in a circle, it is the last referral."""
    PER_YEAR = "per_year"
    """The referrer was paid for as many in the year as the brand allows."""
    ANOTHER = "another"
    """The friend had followed another link before, which counts."""
    NOT_NEW = "not_new"
    """The friend had bought before."""
    TOO_LATE = "too_late"
    """The friend bought after the link's time."""
    TOO_SMALL = "too_small"
    """The friend's first purchase was below the minimum, or of another currency."""
    RETURNED = "returned"
    """The friend brought back what qualified."""
    NO_CONSENT = "no_consent"
    """One of the two does not agree to be recognised."""


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
