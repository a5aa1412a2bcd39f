"""A person's account: every ledger entry ever posted, and the purchases that a return may take back."""

import msgspec


class Posting(msgspec.Struct, frozen=True, array_like=True):
    """What a rule grants for a purchase, on the terms of the day: ``fixed`` points and so many for each whole unit
    that stays. ``points`` are those left; they shrink as the purchase is returned."""

    rule: str
    version: int
    entry_id: str
    fixed: int
    per_unit: int
    points: int


class Purchase(msgspec.Struct, frozen=True, array_like=True):
    """A sale: when (microseconds), what it cost and how much of that came back (millionths of ``currency``), what it
    earns."""

    occurred_at: int
    currency: str
    amount_micros: int
    returned_micros: int = 0
    postings: tuple[Posting, ...] = ()


class Return(msgspec.Struct, frozen=True, array_like=True):
    """A return whose sale has not arrived yet; ``sale_event_id`` is empty when the sender did not name it,
    ``person_id`` is the person whom identity saw."""

    event_id: str
    person_id: str
    occurred_at: int
    sale_event_id: str
    currency: str
    amount_micros: int


class Account(msgspec.Struct, frozen=True, array_like=True):
    """``posted`` gives the points of every entry by the mark of its rule and source event. It is what makes a reward
    unique without limit in time, and the balance is its sum: merging two accounts twice changes nothing."""

    posted: dict[int, int] = {}
    purchases: dict[str, Purchase] = {}
    waiting: tuple[Return, ...] = ()

    @property
    def balance(self) -> int:
        return sum(self.posted.values())
