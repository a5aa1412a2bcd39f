"""What the page shows of a device: the answer to a request to show its data, and what it said on the page just now."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from schemas.brand.model import Brand, Consent
from schemas.consent.choices import Choice, Consents
from schemas.consent.permission import Permission, choice_at, permission
from schemas.consent.purposes import KEYS, keys_of, purpose_of
from schemas.consent.statements import micros_of

MAX_PLACES: Final = 10


class Summary(msgspec.Struct, frozen=True):
    """What is known, in numbers. Times are in microseconds; ``sums`` has amounts by currency."""

    touchpoints: int = 0
    first: int = 0
    last: int = 0
    stores: tuple[str, ...] = ()
    purchases: int = 0
    sums: tuple[tuple[str, str], ...] = ()
    points: int = 0
    decisions: int = 0
    coupons: int = 0


class Switch(NamedTuple):
    """One use of data: its key, what is so and why, since when a person's own choice counts (0: there is none), the
    version of the policy that is in force, and that which the choice was made under."""

    key: str
    permission: Permission
    since: int
    policy: str
    chosen_policy: str


class _Touchpoints(msgspec.Struct):
    count: int = 0
    first: str | None = None
    last: str | None = None


class _Purchases(msgspec.Struct):
    count: int = 0
    by_currency: dict[str, str] = {}


class _Rewards(msgspec.Struct):
    balance: int = 0
    open_coupons: int = 0


class _Decisions(msgspec.Struct):
    count: int = 0


class _Shown(msgspec.Struct):
    touchpoints: _Touchpoints = msgspec.field(default_factory=_Touchpoints)
    stores: tuple[str, ...] = ()
    purchases: _Purchases = msgspec.field(default_factory=_Purchases)
    rewards: _Rewards = msgspec.field(default_factory=_Rewards)
    decisions: _Decisions = msgspec.field(default_factory=_Decisions)


class _Said(msgspec.Struct):
    purpose: str = ""
    channel: str = ""
    kind: str = ""
    after: str = ""
    at: str | None = None
    policy_version: str = ""


class _Data(msgspec.Struct):
    summary: _Shown = msgspec.field(default_factory=_Shown)
    consents: tuple[_Said, ...] = ()


def read_shown(data: bytes) -> tuple[Summary, Consents]:
    """What a device's data says (schemas/privacy/export.schema.json). :raises msgspec.MsgspecError: no such data."""
    shown = msgspec.json.decode(data, type=_Data)
    known = shown.summary
    summary = Summary(
        known.touchpoints.count,
        _micros(known.touchpoints.first),
        _micros(known.touchpoints.last),
        known.stores[:MAX_PLACES],
        known.purchases.count,
        tuple(sorted(known.purchases.by_currency.items())),
        known.rewards.balance,
        known.decisions.count,
        known.rewards.open_coupons,
    )
    return summary, _said(shown.consents)


def switches(brand: Brand, said: Consents, now: int) -> list[Switch]:
    """Every use that the brand asks for, and how it stands now."""
    place = brand.about.country
    found = []
    for key in KEYS:
        rules: Consent | None = brand.consent.get(purpose_of(key))
        if rules is None:
            continue
        choice = choice_at(said, key, now)
        found.append(
            Switch(
                key,
                permission((said,), key, now, brand.consent, place),
                choice.at if choice is not None else 0,
                rules.policy,
                choice.policy if choice is not None else "",
            )
        )
    return found


def _said(consents: Iterable[_Said]) -> Consents:
    consents = tuple(consents)
    ended: dict[str, int] = {}
    for one in consents:
        if one.kind == "expiry":
            for key in _keys(one):
                ended[key] = max(_micros(one.at), ended.get(key, 0))
    found = Consents()
    for number, one in enumerate(consents):
        at = _micros(one.at)
        if one.kind == "gpc":
            found = found.with_gpc(at)
        elif one.kind == "choice" and one.after in ("granted", "withdrawn"):
            choice = Choice(at, one.after == "granted", number, 0, one.policy_version)
            found = found.with_choice([key for key in _keys(one) if at > ended.get(key, -1)], choice)
    return found


def _keys(one: _Said) -> tuple[str, ...]:
    return keys_of([one.purpose], [one.channel] if one.channel else [])


def _micros(time: str | None) -> int:
    return micros_of(time) if time else 0
