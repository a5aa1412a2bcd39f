"""What is stored for a key of coupons: one of a coupon, an ordinal, a pool, a basket or a sale.

A state that nothing asks any more is an empty one.
"""

from typing import Final

import msgspec

from schemas.coupons.terms import Terms

PAST_KEPT: Final = 16
"""Latest ends of uses that are kept of a coupon, some 100 bytes each: so many repeated requests are recognised."""
GONE_KEPT: Final = 64
"""Likewise of a basket."""


class Use(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A till's use of a coupon. ``state``: reserved or redeemed; ``asked`` while its basket decides; released, or
    ``double`` where an earlier use came to light. ``wants``: reserve or redeem. Times in microseconds; ``until`` is the
    end of a reservation, ``held`` says whether it was reserved before it was asked. ``told``: the till was told that
    the coupon is its."""

    redemption_id: str
    state: str
    wants: str
    at: int
    source: str
    store: str
    basket: str = ""
    sale_event_id: str = ""
    discount: int = 0
    currency: str = ""
    until: int = 0
    held: bool = False
    told: bool = False


class Coupon(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A coupon, at the key of its ``code``. ``state`` as of coupon-changed; ``expires_at`` in microseconds, 0: never.
    ``past`` has the latest uses that ended, oldest first."""

    code: str
    pool: str
    ordinal: int
    state: str
    version: int
    terms: Terms
    expires_at: int = 0
    person_id: str = ""
    source_profile_id: str = ""
    rule: str = ""
    rule_version: int = 0
    source_event_id: str = ""
    campaign: str = ""
    use: Use | None = None
    past: tuple[Use, ...] = ()
    refunds: tuple[str, ...] = ()


class Owner(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """For whom an imported code is, of which the ordinal is known later."""

    at: int
    person_id: str = ""
    source_profile_id: str = ""
    rule: str = ""
    rule_version: int = 0
    source_event_id: str = ""
    campaign: str = ""


class Ordinal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The code of an ordinal; empty while an imported one has not come. ``owner`` waits for it. ``void``: why it was
    withdrawn before it was known."""

    code: str = ""
    attempt: int = 0
    owner: Owner | None = None
    void: str = ""


class Joined(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A coupon in a basket."""

    redemption_id: str
    pool: str
    stacking: int
    exclusive: bool
    excludes: tuple[str, ...]
    discount: int
    wants: str


class Meeting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The coupons of a basket by code, and the hash64 of what left it, of redemption and code."""

    coupons: dict[str, Joined] = {}
    gone: tuple[int, ...] = ()
    at: int = 0


class SaleCoupons(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Codes that a sale used, and its returns by event id: what went back, what stays paid, and why."""

    codes: tuple[str, ...] = ()
    returns: dict[str, tuple[int, int, str]] = {}


class Held(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of a key; the fields other than its own are None."""

    coupon: Coupon | None = None
    ordinal: Ordinal | None = None
    meeting: Meeting | None = None
    sale: SaleCoupons | None = None
    numbered: int = 0


NOTHING: Final = Held()
