"""What an account does without an event: each piece that waits for something says until when, and the earliest wakes
it."""

from processors.reference import Reference
from processors.rewards import funding, ledger, recount
from processors.rewards.limits import zone_of
from processors.rewards.placing import placed_after
from processors.rewards.referrals import step as referrals
from processors.rewards.state import Account
from processors.rewards.tiers import with_qualifying
from processors.step import Effect, Step


def wakes(account: Account) -> int | None:
    """When the account wants to act, in microseconds; None: never, as it is now."""
    times = (recount.wakes(account), referrals.wakes(account), ledger.wakes(account))
    return min((at for at in times if at is not None), default=None)


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """What the account does at the time at which it wakes: its person's streaks and caps are counted anew, referrals
    are decided, and points expire, once they have paid what is owed."""
    after, recounted = recount.recounted(account, at, reference)
    referred = placed_after((), referrals.due(after, at), reference.brand)
    after = referred.state or after
    effects: tuple[Effect, ...] = (*recounted, *referred.effects)
    if reference.brand.tiers:
        after = with_qualifying(after, effects, zone_of(reference))
    if ledger.owes(after):
        paid = ledger.repaid(after, at, f"{at}/{after.entries}")
        after, effects = paid.state or after, (*effects, *paid.effects)
    followed = funding.followed(after, effects)
    after, effects = followed.state or after, followed.effects
    expired = ledger.expire(after, at)
    return Step(expired.state, (*effects, *expired.effects))
