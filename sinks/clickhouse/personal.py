"""Rows that are stored without whom they are about: of people who do not allow analytics, and of erased ones.

The conditions are SQL over the fields of a record as they are on the topic, so the insert itself leaves the fields out.
"""

from typing import Final

from schemas.consent.statements import COUNTED_ONLY
from schemas.ids import NAMESPACE

NOBODY: Final = "toUUID('00000000-0000-0000-0000-000000000000')"
FIELDS: Final[dict[str, str]] = {
    "person_id": NOBODY,
    "source_profile_id": NOBODY,
    "referrer_profile_id": NOBODY,
    "friend_profile_id": NOBODY,
    "ties": "[]",
    "lineage": "[]",
    "primary_identifier": "''",
    "identifier": "''",
    "identifiers": "[]",
    "properties": "'{}'",
    "inputs": "'{}'",
}
"""What such a row has in place of a field."""

_DIGITS: Final = (
    f"lower(hex(substring(SHA1(concat(unhex('{NAMESPACE.hex}'), 'person', char(31), primary_identifier)), 1, 16)))"
)
PROFILE: Final = (
    f"concat(substring({_DIGITS}, 1, 8), '-', substring({_DIGITS}, 9, 4), '-5', substring({_DIGITS}, 14, 3), '-', "
    f"substring('89ab', 1 + reinterpretAsUInt8(unhex(concat('0', substring({_DIGITS}, 17, 1)))) % 4, 1), "
    f"substring({_DIGITS}, 18, 3), '-', substring({_DIGITS}, 21, 12))"
)
"""The source profile of a record's primary identifier, see :func:`schemas.ids.person_of`."""
BRAND_ASKS: Final = "(SELECT count() > 0 FROM brand_configured WHERE kind = 'consent' AND id = 'analytics')"
_SAID: Final = "FROM consent_changed WHERE purpose = 'analytics'"
ANYBODY_SAID: Final = f"(SELECT count() > 0 FROM (SELECT 1 {_SAID} LIMIT 1))"
WITHOUT_ANALYTICS: Final = (
    f"({BRAND_ASKS} OR ({ANYBODY_SAID} AND {PROFILE} IN (SELECT toString(source_profile_id) {_SAID})))"
)
"""Of touchpoint-recorded: the brand ever had the purpose analytics, or something was said of it by whom the record's
identifier is of. What counts at the record's time is known behind identity only: touchpoint_identified has it."""

_ERASED: Final = "(SELECT toString(source_profile_id) FROM profile_erased)"
_DEAD: Final = "(SELECT identifier FROM profile_erased)"
COUNTED_ONLY_IF: Final[dict[str, str]] = {
    "touchpoint_recorded": f"{WITHOUT_ANALYTICS} OR primary_identifier IN {_DEAD}",
    "touchpoint_identified": f"position(properties, '{COUNTED_ONLY}') > 0 OR source_profile_id IN {_ERASED}",
    "scan_routed": f"position(inputs, '{COUNTED_ONLY}') > 0 OR person_id IN {_ERASED}",
    "reward_posted": f"source_profile_id IN {_ERASED}",
    "budget_claimed": f"source_profile_id IN {_ERASED}",
    "budget_answered": f"source_profile_id IN {_ERASED}",
    "experiment_exposed": f"analytics = 'refused' OR source_profile_id IN {_ERASED}",
    "referral_changed": f"referrer_profile_id IN {_ERASED} OR friend_profile_id IN {_ERASED}",
    "coupon_changed": f"source_profile_id IN {_ERASED}",
    "profile_shown": f"identifier IN {_DEAD}",
}
"""Condition, by table, on rows that are stored as counts."""
LIVING: Final = f"arrayFilter(one -> one NOT IN {_DEAD}, identifiers)"
"""Of a row of somebody who lives, in place of its identifiers: a node does not know which of the others are dead."""
NEVER_STORED: Final[dict[str, str]] = {
    "touchpoint_recorded": "type = 'probe'",
    "touchpoint_identified": "type = 'probe'",
    "scan_routed": "route = 'probe'",
    "consent_changed": f"source_profile_id IN {_ERASED}",
    "identity_changed": f"source_profile_id IN {_ERASED} OR identifier IN {_DEAD} OR other_identifier IN {_DEAD}",
    "identity_matched": f"person_id IN {_ERASED} OR other_person_id IN {_ERASED}",
    "state_moved": f"source_profile_id IN {_ERASED}",
}
"""Condition on a table's incoming rows that are not stored: probes of the gateway, and what only says who somebody
erased was."""
