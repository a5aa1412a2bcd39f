"""What a phone has collected: the answer of the sink's worker (sinks/privacy/me.py). Times are in microseconds."""

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """An entry of the ledger."""

    at: int
    kind: str
    points: int


class Account(msgspec.Struct, frozen=True):
    """``is_kept``: whether the phone's person allows to be recognised, without which no points are posted."""

    is_kept: bool = True
    balance: int = 0
    entries: tuple[Entry, ...] = ()


def read_account(data: bytes) -> Account:
    """:raises msgspec.MsgspecError: it is no such answer."""
    return msgspec.json.decode(data, type=Account)
