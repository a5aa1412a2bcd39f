"""What both sides of a referral share: its states, whether somebody agrees, and the entries of the ledger."""

from typing import Final

from processors.rewards.late_consent import allowed_at
from processors.rewards.ledger import EARNED, REVERSED, entry_key, posted_first, posted_further
from processors.rewards.lots import lot_name
from processors.rewards.referrals.state import First, Paid
from processors.rewards.state import Account
from processors.step import Emit
from schemas.events import RewardPosted
from schemas.ids import derived, hash64

LINKED, WAITING, KEPT, WITHDRAWN = "linked", "waiting", "kept", "withdrawn"
PAID, BLOCKED, REVERSED_REFERRAL = "paid", "blocked", "reversed"
FORGOTTEN: Final = "forgotten"


def agrees(account: Account, at: int, terms: int) -> bool:
    """Whether the person agrees to be recognised at a time (microseconds); what is too long ago to know counts as it
    was. :param terms: bits of ``late_consent.terms_of``."""
    return allowed_at(account, at, terms) is not False


def content_of(*parts: str) -> int:
    """What stands for what was said, so that it is said once."""
    return hash64("\x1f".join(parts))


def posted(
    account: Account, profile: str, id: str, rule: str, version: int, paid: Paid, due: int, source: First
) -> tuple[Account, Paid, list[Emit]]:
    """The account once the points of a source profile's side of a referral are those that are due, and the entries that
    do it: one, unless points that are taken back are spent already.

    :param id: of the referral. :param source: the event by which the friend qualified.
    """
    entry_id = derived("reward", rule, profile, id)
    number = () if not paid.entries else (str(paid.entries),)
    entry = RewardPosted(
        event_id=derived("reward", rule, profile, id, *number),
        occurred_at=source.at,
        person_id=profile,
        kind=REVERSED if number else EARNED,
        points=due - paid.points,
        rule=rule,
        rule_version=version,
        source_event_id=source.event_id,
        reverses_event_id=entry_id if number else "",
        source_profile_id=profile,
        lot=lot_name(source.expires_at),
        expires_at=source.expires_at,
    )
    key = entry_key(rule, id, *number)
    if not number:
        return posted_first(account, profile, key, entry), Paid(due, 1), [Emit(entry, transactional=True)]
    done = posted_further(account, profile, key, entry, paid.forgiven)
    entries = [Emit(one, transactional=True) for one in done.entries]
    return done.account, Paid(due, paid.entries + 1, paid.forgiven + done.forgiven), entries
