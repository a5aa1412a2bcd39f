"""Where the store names people, and how each table forgets one.

A table of events keeps its rows, with an anonymous person in place of the one who is erased: amounts, places and times
stay, so that revenue and attribution are the same as before. The anonymous person is drawn at random for one erasure
and written down nowhere else. Tables that say nothing but who somebody is lose the rows.

A new table that names people, or carries what they said, needs an entry here (`tests/sinks/privacy/test_places.py`).
"""

from dataclasses import dataclass
from typing import Final

from sinks.clickhouse.personal import NOBODY

PROFILE: Final = f"if(source_profile_id = {NOBODY}, person_id, source_profile_id)"
"""The source profile of a row: rows of before 0.1 have only a person."""
IS_OWN: Final = f"{PROFILE} IN {{profiles:Array(UUID)}}"
_SCANS: Final = (
    f"SELECT namespace, event_id FROM touchpoint_identified WHERE {PROFILE} IN {{profiles:Array(UUID)}} "
    f"OR {PROFILE} = {{anonymous:UUID}}"
)
"""Events of the person, also when an erasure goes on that was interrupted."""


@dataclass(frozen=True, slots=True)
class Place:
    """A table and the rows of it that concern a person.

    ``concerned`` is the condition on them, with the parameters ``profiles``, ``identifiers`` and ``anonymous`` (the
    person in their place); ``forget`` the statements that make it true of no row. Statements may run again.
    """

    table: str
    concerned: str
    forget: tuple[str, ...]


def _rewritten(table: str, concerned: str, **columns: str) -> Place:
    values = ", ".join(f"{column} = {value}" for column, value in columns.items())
    return Place(table, concerned, (f"ALTER TABLE {table} UPDATE {values} WHERE {concerned}",))


def _removed(table: str, concerned: str) -> Place:
    return Place(table, concerned, (f"ALTER TABLE {table} DELETE WHERE {concerned}",))


def _of_own(own: str, instead: str, column: str) -> str:
    return f"if({own}, {instead}, {column})"


_RECORDED_OWN: Final = "primary_identifier IN {identifiers:Array(String)}"
_NAMED: Final = "hasAny(identifiers, {identifiers:Array(String)})"
_OTHERS: Final = "arrayFilter(one -> NOT has({identifiers:Array(String)}, one), identifiers)"
_IS_REFERRER: Final = "referrer_profile_id IN {profiles:Array(UUID)}"
_IS_FRIEND: Final = "friend_profile_id IN {profiles:Array(UUID)}"
_ANONYMOUS: Final = "{anonymous:UUID}"
_TOUCH_COLUMNS: Final = (
    "is_money, source_profile_id, occurred_at, _key, class, type, channel, campaign, placement, store, tag, amount, "
    "currency, event_id, related_event_id, person_id, joined, _version"
)
_SUPERSEDES: Final = "bitOr(_version, bitShiftLeft(toUInt64(63), 58))"
"""A version above every other of the event: views read the anonymous row alone while both are there."""

BEFORE_TOUCHPOINTS: Final = (
    _rewritten(
        "scan_routed",
        f"person_id != {{anonymous:UUID}} AND (scan_namespace, scan_event_id) IN ({_SCANS})",
        person_id="{anonymous:UUID}",
        inputs="'{}'",
    ),
    _rewritten(
        "event_rejected",
        f"raw != '' AND source_event_id != '' AND (source_namespace, source_event_id) IN ({_SCANS})",
        raw="''",
        detail="''",
    ),
)
"""Places that are found by the person's touchpoints, while those still name the person."""
OTHERS: Final = (
    _rewritten(
        "touchpoint_recorded",
        f"({_RECORDED_OWN} OR {_NAMED})",
        primary_identifier=_of_own(_RECORDED_OWN, "''", "primary_identifier"),
        identifiers=_of_own(_RECORDED_OWN, "[]", _OTHERS),
        properties=_of_own(_RECORDED_OWN, "'{}'", "properties"),
    ),
    _rewritten(
        "touchpoint_identified",
        f"({IS_OWN} OR {_NAMED})",
        person_id=_of_own(IS_OWN, "{anonymous:UUID}", "person_id"),
        source_profile_id=_of_own(IS_OWN, "{anonymous:UUID}", "source_profile_id"),
        primary_identifier=_of_own(IS_OWN, "''", "primary_identifier"),
        identifiers=_of_own(IS_OWN, "[]", _OTHERS),
        properties=_of_own(IS_OWN, "'{}'", "properties"),
    ),
    Place(
        "touch",
        "source_profile_id IN {profiles:Array(UUID)}",
        (
            f"INSERT INTO touch ({_TOUCH_COLUMNS}) SELECT * REPLACE ({{anonymous:UUID}} AS source_profile_id, "
            f"{{anonymous:UUID}} AS person_id, false AS joined, {_SUPERSEDES} AS _version) "
            f"FROM (SELECT {_TOUCH_COLUMNS} FROM touch WHERE source_profile_id IN {{profiles:Array(UUID)}})",
            "ALTER TABLE touch DELETE WHERE source_profile_id IN {profiles:Array(UUID)}",
        ),
    ),
    _rewritten("reward_posted", IS_OWN, person_id="{anonymous:UUID}", source_profile_id="{anonymous:UUID}"),
    _rewritten("experiment_exposed", IS_OWN, person_id="{anonymous:UUID}", source_profile_id="{anonymous:UUID}"),
    _rewritten(
        "coupon_changed",
        "source_profile_id IN {profiles:Array(UUID)}",
        person_id="{anonymous:UUID}",
        source_profile_id="{anonymous:UUID}",
    ),
    _rewritten("budget_claimed", IS_OWN, person_id="{anonymous:UUID}", source_profile_id="{anonymous:UUID}"),
    _rewritten("budget_answered", IS_OWN, person_id="{anonymous:UUID}", source_profile_id="{anonymous:UUID}"),
    _rewritten(
        "referral_changed",
        f"({_IS_REFERRER} OR {_IS_FRIEND})",
        person_id=_of_own(IS_OWN, _ANONYMOUS, "person_id"),
        source_profile_id=_of_own(IS_OWN, _ANONYMOUS, "source_profile_id"),
        referrer_profile_id=_of_own(_IS_REFERRER, _ANONYMOUS, "referrer_profile_id"),
        friend_profile_id=_of_own(_IS_FRIEND, _ANONYMOUS, "friend_profile_id"),
        ties=_of_own(_IS_FRIEND, "[]", "ties"),
        lineage="[]",
    ),
    _removed("consent_changed", IS_OWN),
    _rewritten("profile_shown", "identifier IN {identifiers:Array(String)}", identifier="''"),
    _removed(
        "identity_changed",
        f"({IS_OWN} AND other_identifier = '') OR identifier IN {{identifiers:Array(String)}} "
        "OR other_identifier IN {identifiers:Array(String)}",
    ),
    _removed("identity_override", "source_profile_id IN {profiles:Array(UUID)}"),
    _removed("identity_matched", "person_id IN {profiles:Array(UUID)} OR other_person_id IN {profiles:Array(UUID)}"),
    _removed(
        "state_moved",
        f"if(source_profile_id = {NOBODY}, loser_person_id, source_profile_id) IN {{profiles:Array(UUID)}}",
    ),
)
PLACES: Final = BEFORE_TOUCHPOINTS + OTHERS
NOT_PERSONAL: Final = frozenset(
    (
        "attribution_credit",  # sums
        "attribution_run",
        "brand_configured",
        "capacity_reported",
        "cost_reported",
        "event_replayed",  # ids of events
        "kafka_topic",
        "migration",
        "profile_erased",  # what is erased
        "scan_missed",  # ids of events
        "stock_reported",
        "touch_class",
    )
)
"""Tables without a word of anybody."""
