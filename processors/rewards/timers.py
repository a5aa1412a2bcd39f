"""The timers of an account: each piece that waits for something says until when, and the earliest wakes it."""

from processors.reference import Reference
from processors.rewards.referrals import step as referrals
from processors.rewards.state import Account
from processors.step import Step


def wakes(account: Account) -> int | None:
    """When the next of them wants to act (microseconds); None: never, as it is now."""
    return referrals.wakes(account)


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """What each of them does that wants to act by then."""
    return referrals.due(account, at)
