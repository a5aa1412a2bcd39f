"""Sales and returns of a person, and which sale each return is booked on.

The rule, for everything that nets sales of returns (context, rewards, and the views from ``sale`` on):

1. A return that names its sale is the business of the person whose sale that is, whoever brings the goods back (see
   ``processors.rewards.references``). The returns of a sale are booked on it in order of time, if both have the same
   currency, until nothing is left of it.
2. Then, in order of time, what is left over of those, and the returns that name none: each is booked on its person's
   latest sale in the same currency that is not after it and has something left, what exceeds that on the sale before,
   and so on.
3. No sale goes below zero, and nothing is booked on a receipt that was negative as a whole (an exchange), which counts
   as it is. What is left over of a return waits for sales that arrive later; a return that names a sale which is
   not known waits for that one.

So the bookings are a function of the sales and returns of the person as they are now, whatever order they, merges and
splits arrived in. They are computed anew whenever something arrives that may change them. At equal times sales come
before returns, smaller amounts before larger ones, and equal ones are ordered by id (by its hash here, by its number
in the views).

A person's history is in parts by source profile (see ``processors.parts``), and a return may be booked on the sale of
another source profile of the person. Such a booking is stored with both, the sale and the return.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from schemas.events import SaleReturned
from schemas.ids import hash64

UNNAMED: Final = 0
"""``Return.sale`` of a return that names no sale."""


class Sale(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When (microseconds since 1970), what was paid (millionths of ``currency``; negative for a receipt that paid out
    more than it took), of which product categories (empty where the reader needs none). ``booked`` has what is booked
    on it, by the hash64 of the return; ``refunds`` the same of returns that were booked, and not stored, before
    bookings were computed anew."""

    occurred_at: int
    currency: str
    micros: int
    categories: tuple[str, ...] = ()
    refunds: dict[int, int] = {}
    booked: dict[int, int] = {}

    @property
    def left_micros(self) -> int:
        """What stays paid: never below zero, unless the receipt was."""
        left = self.micros - sum(self.refunds.values()) - sum(self.booked.values())
        return max(min(0, self.micros), left)


class Return(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``sale`` is the hash64 of the sale that it names, or ``UNNAMED``. ``booked`` has what is booked of it, by the
    hash64 of the sale."""

    occurred_at: int
    currency: str
    micros: int
    sale: int = UNNAMED
    booked: dict[int, int] = {}

    @property
    def waiting_micros(self) -> int:
        """What found no sale yet."""
        return self.micros - sum(self.booked.values())


def named_return(event: SaleReturned) -> Return:
    """The return that found its sale, as its buyer's history has it."""
    return Return(event.occurred_at, event.currency, event.amount_micros, hash64(event.sale_event_id))


class PurchaseHistory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile: ``sales`` and ``returns`` by the hash64 of their events. A return that names a sale is in
    the history of the source profile that bought."""

    sales: dict[int, Sale] = {}
    returns: dict[int, Return] = {}

    @property
    def waiting(self) -> dict[int, Return]:
        """The returns of which something found no sale yet."""
        return {id: back for id, back in self.returns.items() if back.waiting_micros > 0}

    def with_sale(self, id: int, sale: Sale) -> "PurchaseHistory":
        """With a sale, unless it is known."""
        return self if id in self.sales else PurchaseHistory(self.sales | {id: sale}, self.returns)

    def with_return(self, id: int, back: Return) -> "PurchaseHistory":
        """With a return that is not booked yet, unless it is known. See ``reconciled``. Returns are in the order of
        their ids: those that name a sale come on a topic of their own, and a state's bytes must not tell when."""
        if id in self.returns:
            return self
        return PurchaseHistory(self.sales, dict(sorted((self.returns | {id: back}).items())))

    def joined(self, other: "PurchaseHistory") -> "PurchaseHistory":
        """Two states of one history: every sale and every return once. ``reconciled`` computes the bookings."""
        sales = other.sales | self.sales
        for id, sale in self.sales.items():
            if (theirs := other.sales.get(id)) is not None and theirs.refunds.keys() - sale.refunds.keys():
                sales[id] = msgspec.structs.replace(sale, refunds=theirs.refunds | sale.refunds)
        return PurchaseHistory(sales, other.returns | self.returns)

    def without_bookings_on(self, other: "PurchaseHistory") -> "PurchaseHistory":
        """After a split: without bookings on sales of the other history, or of its returns."""
        sales = {
            id: msgspec.structs.replace(sale, booked=_without(sale.booked, other.returns))
            for id, sale in self.sales.items()
        }
        returns = {
            id: msgspec.structs.replace(back, booked=_without(back.booked, other.sales))
            for id, back in self.returns.items()
        }
        return PurchaseHistory(sales, returns)


NO_PURCHASES: Final = PurchaseHistory()


def may_rebook(histories: Iterable[PurchaseHistory], id: int, sale: Sale) -> bool:
    """Whether a sale that is new may change a booking. False for nearly all: they are later than every return."""
    return any(
        back.sale == id or (back.occurred_at >= sale.occurred_at and back.currency == sale.currency)
        for history in histories
        for back in history.returns.values()
    )


def reconciled(histories: Mapping[str, PurchaseHistory], complete: bool = True) -> Mapping[str, PurchaseHistory]:
    """The histories of one person, by source profile, once their returns are booked by the rule above. Sales, returns
    and histories that do not change stay the same objects.

    :param complete: whether all sales and returns are in the histories; otherwise bookings stay whose sale or return is
    not.
    """
    sales = {id: sale for history in histories.values() for id, sale in history.sales.items()}
    returns = {id: back for history in histories.values() for id, back in history.returns.items()}
    if not returns and not any(sale.booked for sale in sales.values()):
        return histories
    bookings = _Bookings(sales, returns, complete)
    in_time = sorted((back.occurred_at, back.micros, id) for id, back in returns.items())
    for _, _, id in in_time:
        sale = sales.get(returns[id].sale)
        if sale is not None and sale.currency == returns[id].currency:
            bookings.book(id, returns[id].sale)
    _book_on_latest(bookings, sales, returns)
    return {profile: _updated(history, bookings) for profile, history in histories.items()}


class _Bookings:
    """What is booked so far: by sale and return, and by return and sale. ``left`` of the sales, ``waiting`` of the
    returns (millionths)."""

    def __init__(self, sales: Mapping[int, Sale], returns: Mapping[int, Return], complete: bool) -> None:
        self.refunds = {id: _without(sale.refunds, returns) for id, sale in sales.items()}
        self.of_sale = {id: {} if complete else _without(sale.booked, returns) for id, sale in sales.items()}
        self.of_return = {id: {} if complete else _without(back.booked, sales) for id, back in returns.items()}
        self.left = {
            id: sale.micros - sum(self.refunds[id].values()) - sum(self.of_sale[id].values())
            for id, sale in sales.items()
        }
        self.waiting = {id: back.micros - sum(self.of_return[id].values()) for id, back in returns.items()}

    def book(self, back: int, sale: int) -> None:
        """Books as much of the return as the sale can take."""
        taken = min(self.waiting[back], self.left[sale])
        if taken > 0:
            self.of_sale[sale][back] = self.of_return[back][sale] = taken
            self.left[sale] -= taken
            self.waiting[back] -= taken


def _book_on_latest(bookings: _Bookings, sales: Mapping[int, Sale], returns: Mapping[int, Return]) -> None:
    moves = [(sale.occurred_at, False, bookings.left[id], id) for id, sale in sales.items() if bookings.left[id] > 0]
    moves += [
        (back.occurred_at, True, bookings.waiting[id], id)
        for id, back in returns.items()
        if bookings.waiting[id] > 0 and (back.sale == UNNAMED or back.sale in sales)
    ]
    open_sales: defaultdict[str, list[int]] = defaultdict(list)
    for _, is_return, _, id in sorted(moves):
        if not is_return:
            open_sales[sales[id].currency].append(id)
            continue
        candidates = open_sales[returns[id].currency]
        while candidates and bookings.waiting[id]:
            bookings.book(id, candidates[-1])
            if not bookings.left[candidates[-1]]:
                candidates.pop()


def _without(booked: Mapping[int, int], known: Mapping[int, object]) -> dict[int, int]:
    return {id: micros for id, micros in booked.items() if id not in known}


def _updated(history: PurchaseHistory, bookings: _Bookings) -> PurchaseHistory:
    sales = {
        id: msgspec.structs.replace(sale, refunds=bookings.refunds[id], booked=bookings.of_sale[id])
        for id, sale in history.sales.items()
        if sale.booked != bookings.of_sale[id] or sale.refunds != bookings.refunds[id]
    }
    returns = {
        id: msgspec.structs.replace(back, booked=bookings.of_return[id])
        for id, back in history.returns.items()
        if back.booked != bookings.of_return[id]
    }
    if not sales and not returns:
        return history
    return PurchaseHistory(history.sales | sales, history.returns | returns)
