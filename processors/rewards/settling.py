"""What a merge, a split or a late statement changes in how often a person may earn something.

Once two people are one, their days may make a streak that neither had, and their entries may be more than one person
may have. That is looked at anew by a timer that is due at once, since it needs the brand's rules: what is missing is
posted, what is beyond a cap is shown by an entry without points, or reversed, as the rule says; and given back when
the person comes apart again.
"""

import msgspec

from processors.reference import Reference
from processors.rewards.compiled import version_at
from processors.rewards.counters import Grant, RuleCount
from processors.rewards.earning import with_count
from processors.rewards.limits import beyond, counts, most_of, times
from processors.rewards.reversals import EARNED, REVERSED, due_to, entry_key
from processors.rewards.state import Account, AccountPart
from processors.step import Drop, Effect, Emit
from schemas.brand.model import Reward
from schemas.events import RewardPosted
from schemas.ids import derived, hash64
from schemas.reasons import DropReason

replace = msgspec.structs.replace


def unsettled(account: Account) -> Account:
    """The account, which wakes at once if it counts anything."""
    for profile, part in account.parts.items():
        if part.counters.rules and not part.counters.unsettled:
            account = account.with_part(profile, replace(part, counters=replace(part.counters, unsettled=True)))
    return account


def without_mark(account: Account) -> Account:
    """The account, which does not wake for what is counted."""
    for profile, part in account.parts.items():
        if part.counters.unsettled:
            account = account.with_part(profile, replace(part, counters=replace(part.counters, unsettled=False)))
    return account


def wakes(account: Account) -> int | None:
    """When the account was last counted, if it is not settled; else None."""
    for part in account.parts.values():
        if part.counters.unsettled:
            break
    else:
        return None
    rules = [count for part in account.parts.values() for count in part.counters.rules.values()]
    return max(max(count.last[0], *(grant.at for grant in count.tally.grants.values()), 0) for count in rules)


def counted_anew(account: Account, at: int, reference: Reference) -> tuple[Account, tuple[Effect, ...]]:
    """The account whose entries agree with what its person may earn, and the entries that this takes."""
    effects = list[Effect]()
    for rule_id in sorted({id for part in account.parts.values() for id in part.counters.rules}):
        rule = version_at(rule_id, at, reference)
        if rule is not None and counts(rule):
            account, further = _of_rule(account, rule)
            effects += further
    return without_mark(account), tuple(effects)


def _of_rule(account: Account, rule: Reward) -> tuple[Account, list[Effect]]:
    effects = list[Effect]()
    for (profile, key), is_over in beyond(rule, account).items():
        part = account.part(profile)
        grant = part.counters.rules[rule.id].tally.grants[key]
        if bool(grant.over & 1) is not is_over:
            part, entries = _turned(part, profile, rule, key, grant)
            account = account.with_part(profile, part)
            effects += (Emit(entry, transactional=True) for entry in entries)
            if is_over:
                effects.append(Drop(DropReason.OVER_CAP))
    if rule.milestone is None and rule.streak is None:
        return account, effects
    counted = [(profile, part) for profile, part in sorted(account.parts.items()) if rule.id in part.counters.rules]
    found = [part.counters.rules[rule.id] for _, part in counted]
    had = times([(part, count.tally) for (_, part), count in zip(counted, found, strict=True)])
    most = most_of(rule, [count.days for count in found]) or 0
    last = max(found, key=lambda count: count.last)
    profile, part = counted[found.index(last)]
    for number in range(had, most):
        part, entry = _reached(part, profile, rule, last, number)
        if entry is not None:
            effects.append(Emit(entry, transactional=True))
    return account.with_part(profile, part), effects


def _turned(
    part: AccountPart, profile: str, rule: Reward, key: int, grant: Grant
) -> tuple[AccountPart, list[RewardPosted]]:
    """The part with a grant that has come to be beyond a cap, or within it again, and the entry that says so."""
    count = part.counters.rules[rule.id]
    now = replace(grant, over=grant.over + 1)
    tally = replace(count.tally, grants=count.tally.grants | {key: now})
    part = with_count(part, rule.id, RuleCount(count.days, tally, count.last))
    is_over, cause = bool(now.over & 1), grant.cause or grant.source_event_id
    entry_id, points = derived("reward", rule.id, profile, cause), 0
    if rule.caps.over == "reverse":
        part, points = _reversed(part, key, entry_id, grant, is_over)
    elif not is_over:
        return part, []
    entry = RewardPosted(
        event_id=derived("reward over cap", entry_id, str(now.over)),
        occurred_at=grant.at,
        person_id=profile,
        kind=REVERSED,
        points=points,
        rule=rule.id,
        rule_version=grant.version,
        source_event_id=grant.source_event_id,
        reverses_event_id=entry_id,
        source_profile_id=profile,
        campaign=rule.campaign,
        reason=DropReason.OVER_CAP if is_over else "",
    )
    posted = part.posted | {entry_key("over", entry_id, str(now.over)): points}
    return replace(part, posted=posted), [entry]


def _reversed(part: AccountPart, key: int, entry_id: str, grant: Grant, is_over: bool) -> tuple[AccountPart, int]:
    """The part that knows that an entry is reversed, or posted again, and the points that this moves."""
    if (offer := part.offers.get(key)) is not None:
        part = replace(part, offers=part.offers | {key: replace(offer, over=is_over)})
    sale_id = hash64(grant.source_event_id)
    sale, postings = part.history.sales.get(sale_id), part.postings.get(sale_id, ())
    if sale is None or not any(posting.entry_id == entry_id for posting in postings):
        return part, -grant.points if is_over else grant.points
    moved, after = 0, []
    for posting in postings:
        if posting.entry_id == entry_id:
            posting = replace(posting, over=is_over)
            due = due_to(posting, sale, sale.left_micros)
            moved, posting = due - posting.points, replace(posting, points=due, reversals=posting.reversals + 1)
        after.append(posting)
    return replace(part, postings=part.postings | {sale_id: tuple(after)}), moved


def _reached(
    part: AccountPart, profile: str, rule: Reward, count: RuleCount, number: int
) -> tuple[AccountPart, RewardPosted | None]:
    """The part with a streak or milestone that is reached without an event, as the one with this number."""
    cause = f"reached/{number}"
    key, (at, event_id) = entry_key(rule.id, cause), count.last
    if key in part.posted or not event_id:
        return part, None
    known = part.counters.rules[rule.id]
    grant = Grant(at, 0, rule.points, event_id, rule.version, cause=cause)
    part = with_count(part, rule.id, RuleCount(known.days, known.tally.with_grant(key, grant), known.last))
    entry = RewardPosted(
        event_id=derived("reward", rule.id, profile, cause),
        occurred_at=at,
        person_id=profile,
        kind=EARNED,
        points=rule.points,
        rule=rule.id,
        rule_version=rule.version,
        source_event_id=event_id,
        source_profile_id=profile,
        campaign=rule.campaign,
    )
    return replace(part, posted=part.posted | {key: rule.points}), entry
