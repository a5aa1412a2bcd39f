"""What is allowed at a given time, as a function of what was said: nothing else counts, in particular not its order.

1. Of each source profile's choices about a key the latest by then counts, unless it has expired.
2. Several source profiles of one person: a withdrawal of any of them counts more than a grant of another.
3. Global Privacy Control withdraws where the brand says that the law of the place makes it do so. A grant at the time
   of its first appearance or later is stronger: it was made although the browser sends it.
4. Where nothing counts, the default of the place does: opt-in (nothing without a grant) or opt-out.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from schemas.consent.choices import Choice, Consents
from schemas.consent.purposes import purpose_of


class Why(StrEnum):
    """What decided. The values stand in tables and never change."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    GPC = "gpc"
    """The browser's Global Privacy Control, where it counts."""
    FORGOTTEN = "forgotten"
    """The event is older than what is kept of the statements."""
    OPT_IN = "opt_in"
    """Nothing was said, and the place asks for a grant."""
    OPT_OUT = "opt_out"
    """Nothing was said, and the place asks for none."""


class Permission(msgspec.Struct, frozen=True, gc=False):
    """Whether a use is allowed, and why. ``conflicting``: a grant counts although the browser sends Global Privacy
    Control."""

    allowed: bool
    why: Why
    conflicting: bool = False


class PurposeRules(Protocol):
    """What a brand says of one purpose (``schemas.brand.consent``)."""

    def asks_first(self, jurisdiction: str) -> bool:
        """Whether silence is no consent there."""

    def heeds_gpc(self, jurisdiction: str) -> bool:
        """Whether Global Privacy Control withdraws there."""


SILENT: Final = (Permission(True, Why.OPT_OUT), Permission(False, Why.OPT_IN))
"""Where nothing was said: by whether the place asks first."""


CHOSEN: Final = (Permission(False, Why.WITHDRAWN), Permission(True, Why.GRANTED))
"""What a choice decides by itself: by whether it grants."""


def by_choice(said: Consents, key: str, at: int) -> Permission | None:
    """What the choice of a person with one source profile decides whatever the place, which is nearly all that is ever
    asked: the same as :func:`permission`; None where the place, a browser or more has a say."""
    if said.gpc_at is not None:
        return None
    choice = choice_at(said, key, at)
    return None if choice is None else CHOSEN[choice.granted]


def permission(
    said: Iterable[Consents], key: str, at: int, rules: Mapping[str, PurposeRules], jurisdiction: str
) -> Permission:
    """Whether data of a person may be used for ``key``, such as ``marketing/email``.

    :param said: of each source profile of the person. :param at: microseconds. :param rules: those of the brand, by
    purpose; a purpose that has none is allowed unless it was withdrawn. :param jurisdiction: see ``jurisdictions``.
    """
    rule = rules.get(purpose_of(key))
    granted_at, gpc_at, forgotten = None, None, False
    for one in said:
        choice = choice_at(one, key, at)
        if choice is not None and not choice.granted:
            return CHOSEN[False]
        if choice is not None:
            granted_at = choice.at if granted_at is None else max(granted_at, choice.at)
        elif key in one.forgotten and at < one.choices[key][0].at:
            forgotten = True
        if one.gpc_at is not None and one.gpc_at <= at:
            gpc_at = one.gpc_at if gpc_at is None else min(gpc_at, one.gpc_at)
    if forgotten:
        return Permission(False, Why.FORGOTTEN)
    gpc = gpc_at is not None and rule is not None and rule.heeds_gpc(jurisdiction)
    if gpc and (granted_at is None or gpc_at is None or granted_at < gpc_at):
        return Permission(False, Why.GPC)
    if granted_at is not None:
        return Permission(True, Why.GRANTED, gpc)
    return SILENT[rule is not None and rule.asks_first(jurisdiction)]


def choice_at(said: Consents, key: str, at: int) -> Choice | None:
    """The choice of one source profile that counts at a time; None where none does."""
    for choice in reversed(said.choices.get(key, ())):
        if choice.at <= at:
            return None if choice.expires_at and choice.expires_at <= at else choice
    return None
