"""What an account does without an event: each piece that waits for something says until when, and the earliest wakes
it."""

from typing import Final

from processors.reference import Reference
from processors.rewards import dates, funding, ledger, recount
from processors.rewards.limits import zone_of
from processors.rewards.referrals import step as referrals
from processors.rewards.state import Account
from processors.rewards.tiers import with_qualifying
from processors.step import Step

PIECES: Final = (recount, referrals, dates, ledger)


def wakes(account: Account) -> int | None:
    """When the account wants to act, in microseconds; None: never, as it is now."""
    # Called several times for each event: nearly all accounts wait for nothing but the end of points.
    for part in account.parts.values():
        counters = part.counters
        if counters.recount or counters.firsts or counters.near or part.referrals.followed:
            times = [at for piece in PIECES if (at := piece.wakes(account)) is not None]
            return min(times) if times else None
    return ledger.wakes(account)


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """What each of them does that wants to act by then: streaks and caps are counted anew, referrals decided,
    anniversaries posted, and points expire, once they have paid what is owed."""
    counted, effects = recount.recounted(account, at, reference)
    referred = referrals.due(counted, at)
    after, dated = dates.due(referred.state or counted, at, reference)
    effects = (*effects, *referred.effects, *dated)
    if reference.brand.tiers:
        after = with_qualifying(after, effects, zone_of(reference))
    if ledger.owes(after):
        paid = ledger.repaid(after, at, f"{at}/{after.entries}")
        after, effects = paid.state or after, (*effects, *paid.effects)
    after, effects = funding.followed(after, effects)
    expired = ledger.expire(after, at)
    return Step(expired.state, (*effects, *expired.effects))
