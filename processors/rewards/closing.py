"""What keeps an account small for ever: of what is settled the keys alone are kept, eight bytes each.

An entry's points are in the sum of all closed ones, and in its lot. A sale is closed once a return may take nothing of
it back any more (``loyalty.taken_back_days``) and its source profile has newer ones; its returns go with it. Nothing of
that is posted anew, for ever: late returns of a closed sale are nobody's, and the key of the sale forgets whose it is.
"""

from typing import Final

import msgspec

from processors.rewards.closed import with_closed
from processors.rewards.lots import DAY_US
from processors.rewards.references import close
from processors.rewards.state import CLOSED, Account, AccountPart
from processors.step import Emit, Step
from schemas.brand.model import Brand

POSTED_KEPT, POSTED_MOST = 32, 96
"""Entries of a source profile that are kept one by one, and that are there when all but these are closed."""
SALES_KEPT, SALES_MOST = 32, 56
"""Likewise of sales, as far as they are old enough."""
TAKEN_BACK_DAYS: Final = 365
"""Where the brand does not say."""


def with_little(account: Account, profile: str, at: int, brand: Brand) -> Step[Account]:
    """The account with what is settled closed, and what the keys of its sales are told; the same object where there is
    little. :param at: the time of the event (microseconds)."""
    part, told = account.parts.get(profile), tuple[Emit, ...]()
    if part is None or (len(part.posted) <= POSTED_MOST and len(part.history.sales) <= SALES_MOST):
        return Step(account)
    if len(part.history.sales) > SALES_MOST:
        days = brand.points.taken_back_days if brand.points is not None else TAKEN_BACK_DAYS
        gone = _old_sales(account, part, at - days * DAY_US)
        if gone:
            told = tuple(
                close(part.sale_ids[id], part.history.sales[id].occurred_at) for id in gone if id in part.sale_ids
            )
            part = _without_sales(part, gone)
    if len(part.posted) > POSTED_MOST:
        part = _without_entries(part)
    return Step(account.with_part(profile, part), told) if part is not account.parts[profile] else Step(account)


def _without_entries(part: AccountPart) -> AccountPart:
    keys = [key for key in part.posted if key != CLOSED]
    closed, kept = keys[:-POSTED_KEPT], keys[-POSTED_KEPT:]
    total = part.posted.get(CLOSED, 0) + sum(part.posted[key] for key in closed)
    posted = {CLOSED: total} | {key: part.posted[key] for key in kept}
    return msgspec.structs.replace(part, posted=posted, closed=with_closed(part.closed, closed))


def _old_sales(account: Account, part: AccountPart, before: int) -> set[int]:
    """Sales of then whose returns are of then, too, and are booked on nothing else that stays."""
    in_time = sorted(part.history.sales.items(), key=lambda item: (item[1].occurred_at, item[0]))
    old = {id for id, sale in in_time[:-SALES_KEPT] if sale.occurred_at < before}
    returns = {id: back for other in account.parts.values() for id, back in other.history.returns.items()}
    for id in sorted(old):
        for back in part.history.sales[id].booked:
            known = returns.get(back)
            if known is not None and (known.occurred_at >= before or known.booked.keys() - old):
                old.discard(id)
    return old


def _without_sales(part: AccountPart, gone: set[int]) -> AccountPart:
    back_too = {id for id, back in part.history.returns.items() if back.booked and not back.booked.keys() - gone}
    bought = sum(part.history.sales[id].left_micros > 0 for id in gone)
    closed = with_closed(part.closed, gone | back_too)
    return msgspec.structs.replace(part, closed=closed, bought=part.bought + bought).without_closed()
