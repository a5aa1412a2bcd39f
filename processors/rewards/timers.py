"""What an account does without an event: each piece that waits for something says until when, and the earliest wakes
it."""

from processors.reference import Reference
from processors.rewards import ledger, settling
from processors.rewards.limits import zone_of
from processors.rewards.placing import placed
from processors.rewards.referrals import step as referrals
from processors.rewards.state import Account
from processors.rewards.tiers import with_earned
from processors.step import Step


def wakes(account: Account) -> int | None:
    """When the account wants to act, in microseconds; None: never, as it is now."""
    times = [at for at in (settling.wakes(account), referrals.wakes(account), ledger.wakes(account)) if at is not None]
    return min(times, default=None)


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """What each of them does that wants to act by then."""
    ended = ledger.ended(account, at)
    counted, effects = settling.counted_anew(ended.state or account, at, reference)
    referred = referrals.due(counted, at)
    further = placed(referred.state or counted, (*effects, *referred.effects), reference.brand)
    after, effects = further.state or counted, (*ended.effects, *further.effects)
    if reference.brand.tiers:
        after = with_earned(after, effects, zone_of(reference))
    return Step(after, effects)
