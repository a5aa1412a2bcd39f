"""What a phone has collected: the answer of the sink's worker (sinks/privacy/me.py). Times are in microseconds."""

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """An entry of the ledger."""

    at: int
    kind: str
    points: int


class Coupon(msgspec.Struct, frozen=True):
    """A coupon that can be used. ``code`` is normalised (schemas/coupons/codes.py); ``expires_at`` is 0 for never."""

    code: str
    pool: str
    state: str = ""
    expires_at: int = 0


class Lot(msgspec.Struct, frozen=True):
    """Points that expire together."""

    points: int
    at: int


class Month(msgspec.Struct, frozen=True):
    """Points that tiers count, of a month since the year 0 on the brand's clock."""

    month: int
    points: int


class Account(msgspec.Struct, frozen=True):
    """``is_kept``: whether the phone's person allows to be recognised, without which no points are posted.
    ``pending`` of the balance cannot be spent yet; ``expiring`` is what expires next."""

    is_kept: bool = True
    balance: int = 0
    pending: int = 0
    expiring: Lot | None = None
    coupons: tuple[Coupon, ...] = ()
    months: tuple[Month, ...] = ()
    entries: tuple[Entry, ...] = ()


def read_account(data: bytes) -> Account:
    """:raises msgspec.MsgspecError: it is no such answer."""
    return msgspec.json.decode(data, type=Account)
