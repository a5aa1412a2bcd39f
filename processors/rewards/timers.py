"""What an account does without an event: it wakes at the earliest of these times."""

from processors.reference import Reference
from processors.rewards import settling
from processors.rewards.limits import zone_of
from processors.rewards.state import Account
from processors.rewards.tiers import with_earned
from processors.step import Step


def wakes(account: Account) -> int | None:
    """When the account wants to act, in microseconds."""
    return settling.wakes(account)


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """What the account does at the time at which it wakes."""
    after, effects = settling.settled(account, at, reference)
    if reference.brand.tiers:
        after = with_earned(after, effects, zone_of(reference))
    return Step(after, effects)
