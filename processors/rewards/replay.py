"""What comparison needs to know of rewards."""

from typing import Any

import msgspec

from processors.rewards.referrals.state import Referrals
from processors.rewards.state import Account, AccountPart, Posting

replace = msgspec.structs.replace


def canonical(account: Account) -> Any:
    """The account without how many entries its points took, where consent or referrals count: whether an entry came
    before what refuses it, and was reversed, or after it, is decided by the order of topics alone. So is which entries
    are closed already, and what a lot has left where points were spent while a return was on its way."""
    if not any(_counts_entries(part) for part in account.parts.values()):
        return {profile: _as_one(part) for profile, part in account.parts.items()}, account.reference
    parts = {profile: (_balance(part), _without_entries(part)) for profile, part in account.parts.items()}
    return parts, account.reference


def _as_one(part: AccountPart) -> Any:
    return sorted(part.keys), _balance(part), _without_lots(replace(part, posted={}, closed=b""))


def _without_lots(part: AccountPart) -> AccountPart:
    was_spent = part.redemptions or any(lot.spent for lot in part.lots.values())
    return replace(part, lots={}, ended={}) if was_spent else part


def _counts_entries(part: AccountPart) -> bool:
    return bool(part.consents.says_something or part.offers or part.referrals.has_sides)


def _balance(part: AccountPart) -> int:
    return sum(part.posted.values())


def _without_entries(part: AccountPart) -> AccountPart:
    return replace(
        _without_lots(part),
        posted={},
        closed=b"",
        postings={sale: tuple(map(_without_count, postings)) for sale, postings in part.postings.items()},
        offers={key: replace(offer, reversals=0) for key, offer in part.offers.items()},
        referrals=_without_numbers(part.referrals),
    )


def _without_count(posting: Posting) -> Posting:
    return replace(posting, reversals=0)


def _without_numbers(referrals: Referrals) -> Referrals:
    """Without how often the two sides of referrals said something."""
    return replace(
        referrals,
        followed={
            id: replace(link, version=0, answered=0, paid=replace(link.paid, entries=0))
            for id, link in referrals.followed.items()
        },
        friends={
            id: replace(friend, version=0, answered=0, paid=replace(friend.paid, entries=0))
            for id, friend in referrals.friends.items()
        },
    )
