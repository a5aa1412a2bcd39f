"""A person's account: every ledger entry ever posted, and the purchases that a return may take back."""

from typing import Final

import msgspec


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule grants for a purchase, on the terms of the day: ``fixed`` points and so many for each whole unit
    that stays. ``points`` are those left; they shrink as the purchase is returned."""

    rule: str
    version: int
    entry_id: str
    fixed: int
    per_unit: int
    points: int


class Purchase(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sale: when (microseconds), what it cost and how much of that came back (millionths of ``currency``), what it
    earns. ``returns`` has the marks of the returns that it took: their own marks stay with whoever brought the goods
    back, and may come here later than a second copy of one of them."""

    occurred_at: int
    currency: str
    amount_micros: int
    returned_micros: int = 0
    postings: tuple[Posting, ...] = ()
    returns: tuple[int, ...] = ()


class Return(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A return whose sale has not arrived yet; ``sale_event_id`` is empty when the sender did not name it,
    ``person_id`` is the person whom identity saw, ``own`` the own person of who brought it back."""

    event_id: str
    person_id: str
    own: str
    occurred_at: int
    sale_event_id: str
    currency: str
    amount_micros: int


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one own person. ``posted`` gives the points of every entry by the mark of its rule and source event, what a
    return took back of the part's sales included. It is what makes a reward unique without limit in time, and the
    balance is its sum. A return of the own person leaves its own mark there, worth nothing, whoever's sale it took
    back: it does so once however often it is replayed."""

    posted: dict[int, int] = {}
    purchases: dict[str, Purchase] = {}
    waiting: tuple[Return, ...] = ()

    def joined(self, other: "Part") -> "Part":
        """The same own person's as two accounts had it: the union, in which nothing counts twice."""
        mine, others = self.purchases, other.purchases
        both = {id: max(mine[id], others[id], key=_returned) for id in mine if id in others}
        waiting = {back.event_id: back for back in (*other.waiting, *self.waiting)}
        return Part(other.posted | self.posted, mine | others | both, tuple(waiting.values()))


NOTHING: Final = Part()


def _returned(purchase: Purchase) -> int:
    return purchase.returned_micros


class Account(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``parts`` has what each own person earned and bought. Merging two accounts twice changes nothing."""

    parts: dict[str, Part] = {}

    @property
    def balance(self) -> int:
        return sum(points for part in self.parts.values() for points in part.posted.values())

    @property
    def waiting(self) -> tuple[Return, ...]:
        return tuple(back for part in self.parts.values() for back in part.waiting)

    def purchases_by(self, moment: int) -> int:
        """How many sales until then (microseconds) have something left that was not returned."""
        return sum(
            purchase.occurred_at <= moment and purchase.amount_micros > purchase.returned_micros
            for part in self.parts.values()
            for purchase in part.purchases.values()
        )

    def has_taken(self, back: int) -> bool:
        """Whether a sale took the return with this mark."""
        return any(back in bought.returns for part in self.parts.values() for bought in part.purchases.values())

    def part(self, own: str) -> Part:
        return self.parts.get(own, NOTHING)

    def having(self, own: str, part: Part) -> "Account":
        """The account with another part of the own person."""
        return Account({**self.parts, own: part})
