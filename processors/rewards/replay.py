"""What comparison needs to know of rewards."""

from typing import Any

import msgspec

from processors.rewards.state import Account, AccountPart, Posting

replace = msgspec.structs.replace


def canonical(account: Account) -> Any:
    """The account without how many entries its points took, where consent counts: whether an entry came before
    the statement that refuses it, and was reversed, or after it, is decided by the order of topics alone."""
    if not any(part.consents.says_something or part.offers for part in account.parts.values()):
        return account
    parts = {profile: (_balance(part), _without_entries(part)) for profile, part in account.parts.items()}
    return parts, account.reference


def _balance(part: AccountPart) -> int:
    return sum(part.posted.values())


def _without_entries(part: AccountPart) -> AccountPart:
    return replace(
        part,
        posted={},
        postings={sale: tuple(map(_without_count, postings)) for sale, postings in part.postings.items()},
        offers={key: replace(offer, reversals=0) for key, offer in part.offers.items()},
    )


def _without_count(posting: Posting) -> Posting:
    return replace(posting, reversals=0)
