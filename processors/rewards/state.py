"""A person's account: every ledger entry ever posted, and the sales that a return may be booked on."""

from collections.abc import Mapping
from typing import Final

import msgspec

from processors.parts import Parts
from processors.purchases import NO_PURCHASES, PurchaseHistory
from processors.rewards.references import Reference
from schemas.consent.choices import NOTHING_SAID, Consents


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule grants for a sale, on the terms of the day: ``fixed`` points and ``per_unit`` for each whole unit of
    the currency that stays paid. ``points`` is the sum of the entries posted for it, ``reversals`` the number of those
    that followed the first one, ``entry_id``. ``person_id`` and ``source_event_id`` are those of the sale; empty in
    states that are older than these fields."""

    rule: str
    version: int
    entry_id: str
    fixed: int
    per_unit: int
    points: int
    reversals: int = 0
    person_id: str = ""
    source_event_id: str = ""


class Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the ledger entries of a return need beside the return: its event. ``person_id`` is not used any more."""

    event_id: str
    person_id: str = ""


class AccountPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile. ``posted`` has the points of every entry by a hash64 of what makes it unique; it keeps
    rewards unique without limit in time, and the balance is its sum. A return that was booked before bookings were
    computed anew has left the hash64 of its event there, with zero points: a replay does not book it again.
    ``postings`` by the hash64 of the sale, ``origins`` by that of a return of ``history``. ``consents`` is what was
    said of the purpose identity, without which nothing is posted. ``sale_ids`` has the event ids of the sales, by their
    hash64: references to them are kept by these."""

    posted: dict[int, int] = {}
    history: PurchaseHistory = NO_PURCHASES
    postings: dict[int, tuple[Posting, ...]] = {}
    origins: dict[int, Origin] = {}
    consents: Consents = NOTHING_SAID
    sale_ids: dict[int, str] = {}

    def joined(self, other: "AccountPart") -> "AccountPart":
        """The part of one source profile as two accounts had it: the union, in which nothing counts twice."""
        posted = other.posted | self.posted
        postings = other.postings | self.postings
        for sale, mine in self.postings.items():
            if sale in other.postings:
                postings[sale] = max(mine, other.postings[sale], key=_reversals)
        history = self.history.joined(other.history)
        consents = self.consents.joined(other.consents)
        origins, sale_ids = other.origins | self.origins, other.sale_ids | self.sale_ids
        return AccountPart(posted, history, postings, origins, consents, sale_ids).without_booked_returns()

    def without_booked_returns(self) -> "AccountPart":
        """Without the returns that left their hash64 in ``posted``, and the origins of returns that are not there."""
        returns = {id: back for id, back in self.history.returns.items() if id not in self.posted}
        origins = {id: origin for id, origin in self.origins.items() if id in returns}
        if len(returns) == len(self.history.returns) and len(origins) == len(self.origins):
            return self
        history = PurchaseHistory(self.history.sales, returns)
        return msgspec.structs.replace(self, history=history, origins=origins)


EMPTY: Final = AccountPart()


def _reversals(postings: tuple[Posting, ...]) -> int:
    return sum(posting.reversals for posting in postings)


class Account(Parts[AccountPart], frozen=True, array_like=True, gc=False):
    """What each source profile of a person earned and bought; merging two accounts twice changes nothing. At the key of
    a sale there are no parts, only the ``reference`` (see ``references``)."""

    reference: Reference | None = None

    @property
    def balance(self) -> int:
        return sum(points for part in self.parts.values() for points in part.posted.values())

    @property
    def histories(self) -> Mapping[str, PurchaseHistory]:
        return {profile: part.history for profile, part in self.parts.items()}

    def purchases_by(self, moment: int) -> int:
        """The number of sales until then (microseconds) that have something left after returns."""
        return sum(
            sale.occurred_at <= moment and sale.left_micros > 0
            for part in self.parts.values()
            for sale in part.history.sales.values()
        )

    def part(self, profile: str) -> AccountPart:
        return self.parts.get(profile, EMPTY)

    @property
    def size(self) -> int:
        """Entries, sales, returns and choices."""
        return sum(
            len(part.posted) + len(part.history.sales) + len(part.history.returns) + part.consents.size
            for part in self.parts.values()
        )
