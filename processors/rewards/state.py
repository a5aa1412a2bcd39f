"""A person's account: every ledger entry ever posted, and the sales that a return may be booked on."""

from collections.abc import Mapping
from typing import Final

import msgspec

from processors.parts import Parts
from processors.purchases import NO_PURCHASES, PurchaseHistory
from processors.rewards import claims
from processors.rewards.claims import Claim
from processors.rewards.closed import closed_keys, is_closed, with_closed
from processors.rewards.counters import NOTHING_COUNTED, Counters
from processors.rewards.lots import Lot, joined
from processors.rewards.redemptions import Redemption
from processors.rewards.references import Reference
from processors.rewards.referrals.state import NO_REFERRALS, Referrals
from schemas.consent.choices import NOTHING_SAID, Consents

OFFERS_KEPT: Final = 32
"""Latest offers that are kept of a source profile, some 120 bytes each."""
MOMENTS_KEPT: Final = 8
"""Latest further events that are kept of an offer."""
CLOSED: Final = 0
"""Key of ``posted`` with the sum of all entries whose keys are in ``closed``, and of what expired."""


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule grants for a sale, on the terms of the day: ``fixed`` points and ``per_unit`` for each whole unit of
    the currency that stays paid. ``points`` is the sum of the entries posted for it, ``reversals`` the number of those
    that followed the first one, ``entry_id``. ``person_id`` and ``source_event_id`` are those of the sale; empty in
    states that are older than these fields. ``terms``, ``refused`` and the fields from ``active_at`` on are as in an
    ``Offer``. ``counted`` (millionths) is what of the sale the points are on, by default all of it.
    ``most``: what a budget granted for it, 0 while it waits; -1 where it has none."""

    rule: str
    version: int
    entry_id: str
    fixed: int
    per_unit: int
    points: int
    reversals: int = 0
    person_id: str = ""
    source_event_id: str = ""
    terms: int = 0
    refused: bool = False
    active_at: int = 0
    expires_at: int = 0
    forgiven: int = 0
    over: bool = False
    counted: int = -1
    most: int = -1

    @property
    def is_posted(self) -> bool:
        """Whether the entry itself was ever posted."""
        return bool(self.points or self.reversals)


class Offer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule grants for an event that is no sale, posted while the person agrees to be recognised.

    ``at`` (microseconds) and ``terms`` are of the event: the time at which consent is asked for, and what the brand
    said of its place then (``late_consent.terms_of``). ``also`` has the same of further events that earn the same
    entry, as those of a public key do within a day. ``cause`` is what the entry is unique by, empty for the event.
    ``refused``: the person does not agree. ``reversals`` counts the entries that followed the first one. ``active_at``
    and ``expires_at`` are of its points (``lots``), ``forgiven`` is what could not be taken back of them. ``over``: it
    is beyond what the person may earn, and reversed. ``unpaid``: its budget has not granted it, or has got it back."""

    at: int
    rule: str
    version: int
    points: int
    source_event_id: str
    person_id: str
    terms: int = 0
    refused: bool = False
    reversals: int = 0
    cause: str = ""
    also: tuple[tuple[int, int], ...] = ()
    active_at: int = 0
    expires_at: int = 0
    forgiven: int = 0
    over: bool = False
    unpaid: bool = False

    @property
    def moments(self) -> tuple[tuple[int, int], ...]:
        """Time and terms of each event, the first one's first."""
        return ((self.at, self.terms), *self.also)

    def with_moment(self, moment: tuple[int, int]) -> "Offer":
        """With a further event; the same object when its moment is known."""
        if moment in self.moments:
            return self
        return msgspec.structs.replace(self, also=tuple(sorted({*self.also, moment})[-MOMENTS_KEPT:]))

    def joined(self, other: "Offer") -> "Offer":
        """One offer as two accounts had it."""
        offer = max(self, other, key=lambda one: one.reversals)
        for moment in (*self.moments, *other.moments):
            offer = offer.with_moment(moment)
        return offer


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
    hash64: references to them are kept by these. ``offers`` by the key of their entry in ``posted``, in order of time:
    the latest of them, which late statements still concern.

    ``lots`` by the time at which they expire have what is left of the points, ``ended`` those that expired lately;
    where ``posted`` sums up to more than they do, the rest is of the lot that never expires (``ledger.lots_of``).
    ``closed`` has the keys of entries, sales and returns of which nothing else is kept, ``bought`` the number of
    those sales that had something left. ``redemptions`` by the hash64 of their events. ``coupon_sales`` are the sales,
    by their hash64 and in this order, that used coupons."""

    posted: dict[int, int] = {}
    history: PurchaseHistory = NO_PURCHASES
    postings: dict[int, tuple[Posting, ...]] = {}
    origins: dict[int, Origin] = {}
    consents: Consents = NOTHING_SAID
    sale_ids: dict[int, str] = {}
    offers: dict[int, Offer] = {}
    lots: dict[int, Lot] = {}
    counters: Counters = NOTHING_COUNTED
    claims: dict[int, Claim] = {}
    referrals: Referrals = NO_REFERRALS
    ended: dict[int, Lot] = {}
    closed: bytes = b""
    bought: int = 0
    coupon_sales: tuple[int, ...] = ()
    redemptions: dict[int, Redemption] = {}

    def knows(self, key: int) -> bool:
        """Whether the entry, sale or return of that key was taken before."""
        return key in self.posted or is_closed(self.closed, key)

    @property
    def balance(self) -> int:
        """The sum of all entries."""
        return sum(self.posted.values())

    @property
    def keys(self) -> set[int]:
        """Of every entry."""
        return {*self.posted, *closed_keys(self.closed)} - {CLOSED}

    def with_offers(self, offers: dict[int, Offer]) -> "AccountPart":
        """With further offers; the earliest of what is more than is kept are left out, but for those that wait for a
        budget."""
        union = self.offers | offers
        if len(union) <= OFFERS_KEPT and _is_latest(self.offers, offers):
            return msgspec.structs.replace(self, offers=union)
        in_order = sorted(union.items(), key=lambda item: (item[1].at, item[0]))
        waits = (item for item in in_order[:-OFFERS_KEPT] if item[1].unpaid and claims.waits(self.claims, item[0]))
        return msgspec.structs.replace(self, offers={**dict(waits), **dict(in_order[-OFFERS_KEPT:])})

    def joined(self, other: "AccountPart") -> "AccountPart":
        """The part of one source profile as two accounts had it: the union, in which nothing counts twice."""
        postings = other.postings | self.postings
        for sale, mine in self.postings.items():
            if sale in other.postings:
                postings[sale] = max(mine, other.postings[sale], key=_reversals)
        history = self.history.joined(other.history)
        consents = self.consents.joined(other.consents)
        origins, sale_ids = other.origins | self.origins, other.sale_ids | self.sale_ids
        offers = {
            key: offer.joined(other.offers[key]) if key in other.offers else offer for key, offer in self.offers.items()
        }
        entries = self._with_entries_of(other)
        part = AccountPart(
            entries.posted,
            history,
            postings,
            origins,
            consents,
            sale_ids,
            other.offers,
            entries.lots,
            self.counters.joined(other.counters),
            claims.joined(self.claims, other.claims),
            self.referrals.joined(other.referrals),
            entries.ended,
            entries.closed,
            max(self.bought, other.bought),
            tuple(sorted({*self.coupon_sales, *other.coupon_sales})),
            self._redemptions_of(other),
        )
        return part.with_offers(offers).without_closed()

    def _redemptions_of(self, other: "AccountPart") -> dict[int, Redemption]:
        union = other.redemptions | self.redemptions
        for id in other.redemptions.keys() & self.redemptions:
            union[id] = self.redemptions[id].joined(other.redemptions[id])
        return union

    def _with_entries_of(self, other: "AccountPart") -> "AccountPart":
        """This part with the entries of both, and with the lots as these left them. A part is in one place at a time:
        of two states one is an earlier one of the other, or they have nothing in common, as where events of a source
        profile came before its part. Lots of anything else would not be known: its points never expire."""
        mine, others = self.keys, other.keys
        if mine == others:
            newer = max(self, other, key=_expired)
            return msgspec.structs.replace(self, **{name: getattr(newer, name) for name in _OF_ENTRIES})
        if others < mine:
            return self
        if mine < others:
            return msgspec.structs.replace(self, **{name: getattr(other, name) for name in _OF_ENTRIES})
        closed = with_closed(self.closed, closed_keys(other.closed))
        posted = {key: points for key, points in (other.posted | self.posted).items() if key != CLOSED}
        lots, ended, sums = self.lots, self.ended, [self.posted.get(CLOSED, 0)]
        if mine.isdisjoint(others):
            lots, ended = joined(self.lots, other.lots), joined(self.ended, other.ended)
            sums.append(other.posted.get(CLOSED, 0))
        elif not self.closed:
            sums = [other.posted.get(CLOSED, 0)]
        if any(sums):
            posted = {CLOSED: sum(sums)} | posted
        return msgspec.structs.replace(self, posted=posted, lots=lots, ended=ended, closed=closed)

    def without_closed(self) -> "AccountPart":
        """Without the sales and returns of which the keys alone are kept, and what there is of others only."""
        returns = {id: back for id, back in self.history.returns.items() if not self.knows(id)}
        origins = {id: origin for id, origin in self.origins.items() if id in returns}
        gone = {id for id in self.history.sales if is_closed(self.closed, id)}
        if not gone and len(returns) == len(self.history.returns) and len(origins) == len(self.origins):
            return self
        sales = {id: sale for id, sale in self.history.sales.items() if id not in gone}
        return msgspec.structs.replace(
            self,
            history=PurchaseHistory(sales, returns),
            origins=origins,
            postings={id: postings for id, postings in self.postings.items() if id not in gone},
            sale_ids={id: own for id, own in self.sale_ids.items() if id not in gone},
            coupon_sales=tuple(id for id in self.coupon_sales if id not in gone),
        )


def _expired(part: AccountPart) -> int:
    return sum(lot.expired for lots in (part.lots, part.ended) for lot in lots.values())


_OF_ENTRIES: Final = ("posted", "lots", "ended", "closed")
EMPTY: Final = AccountPart()


def _is_latest(known: dict[int, Offer], further: dict[int, Offer]) -> bool:
    """Whether there is one further offer, later than all that are known: nearly always."""
    if len(further) != 1 or further.keys() & known.keys():
        return False
    [[key, offer]] = further.items()
    last = next(reversed(known), None)
    return last is None or (offer.at, key) > (known[last].at, last)


def _reversals(postings: tuple[Posting, ...]) -> int:
    return sum(posting.reversals for posting in postings)


class Account(Parts[AccountPart], frozen=True, array_like=True, gc=False):
    """What each source profile of a person earned and bought; merging two accounts twice changes nothing. At the key of
    a sale there are no parts, only the ``reference`` (see ``references``)."""

    reference: Reference | None = None

    @property
    def balance(self) -> int:
        return sum(part.balance for part in self.parts.values())

    @property
    def entries(self) -> int:
        """How many were ever posted."""
        return sum(len(part.keys) for part in self.parts.values())

    @property
    def histories(self) -> Mapping[str, PurchaseHistory]:
        return {profile: part.history for profile, part in self.parts.items()}

    def purchases_by(self, moment: int) -> int:
        """The number of sales until then (microseconds) that have something left after returns."""
        return sum(part.bought for part in self.parts.values()) + sum(
            sale.occurred_at <= moment and sale.left_micros > 0
            for part in self.parts.values()
            for sale in part.history.sales.values()
        )

    def part(self, profile: str) -> AccountPart:
        return self.parts.get(profile, EMPTY)

    @property
    def size(self) -> int:
        """Entries, offers that are not posted, sales, returns, choices and referrals."""
        return sum(
            len(part.keys | part.offers.keys())
            + len(part.history.sales)
            + len(part.history.returns)
            + part.consents.size
            + part.counters.size
            + part.referrals.size
            for part in self.parts.values()
        )
