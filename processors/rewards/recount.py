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
from processors.rewards.funding import asked, claims_for, with_claims
from processors.rewards.ledger import EARNED, REVERSED, entry_key, posted_further, with_earned
from processors.rewards.limits import beyond, counts, most_of, times
from processors.rewards.lots import lot_name, terms
from processors.rewards.reversals import due_to, with_difference
from processors.rewards.state import Account
from processors.step import Drop, Effect, Emit
from schemas.brand.model import Reward
from schemas.events import RewardPosted
from schemas.ids import derived, hash64
from schemas.reasons import DropReason

replace = msgspec.structs.replace


def marked(account: Account) -> Account:
    """The account, which wakes at once if it counts anything."""
    for profile, part in account.parts.items():
        if part.counters.rules and not part.counters.recount:
            account = account.with_part(profile, replace(part, counters=replace(part.counters, recount=True)))
    return account


def unmarked(account: Account) -> Account:
    """The account, which does not wake for what is counted."""
    for profile, part in account.parts.items():
        if part.counters.recount:
            account = account.with_part(profile, replace(part, counters=replace(part.counters, recount=False)))
    return account


def wakes(account: Account) -> int | None:
    """When the account was last counted, if it has to be counted anew; else None."""
    for part in account.parts.values():
        if part.counters.recount:
            break
    else:
        return None
    rules = [count for part in account.parts.values() for count in part.counters.rules.values()]
    return max(max(count.last[0], *(grant.at for grant in count.tally.grants.values()), 0) for count in rules)


def recounted(account: Account, at: int, reference: Reference) -> tuple[Account, tuple[Effect, ...]]:
    """The account whose entries agree with what its person may earn, and the entries that this takes."""
    effects = list[Effect]()
    for rule_id in sorted({id for part in account.parts.values() for id in part.counters.rules}):
        rule = version_at(rule_id, at, reference)
        if rule is not None and counts(rule):
            account, further = _of_rule(account, rule, reference)
            effects += further
    return unmarked(account), tuple(effects)


def _of_rule(account: Account, rule: Reward, reference: Reference) -> tuple[Account, list[Effect]]:
    effects = list[Effect]()
    for (profile, key), is_over in beyond(rule, account).items():
        grant = account.part(profile).counters.rules[rule.id].tally.grants[key]
        if bool(grant.over & 1) is not is_over:
            account, entries = _turned(account, profile, rule, key, grant)
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
    profile, _ = counted[found.index(last)]
    for number in range(had, most):
        account, reached = _reached(account, profile, rule, last, number, reference)
        effects += reached
    return account, effects


def _turned(
    account: Account, profile: str, rule: Reward, key: int, grant: Grant
) -> tuple[Account, tuple[RewardPosted, ...]]:
    """The account with a grant that has come to be beyond a cap, or within it again, and the entries that say so."""
    now = replace(grant, over=grant.over + 1)
    is_over, entry_id = bool(now.over & 1), derived("reward", rule.id, profile, grant.cause or grant.source_event_id)
    entry = RewardPosted(
        event_id=derived("reward over cap", entry_id, str(now.over)),
        occurred_at=grant.at,
        person_id=profile,
        kind=REVERSED,
        points=0,
        rule=rule.id,
        rule_version=grant.version,
        source_event_id=grant.source_event_id,
        reverses_event_id=entry_id,
        source_profile_id=profile,
        lot=lot_name(grant.expires_at),
        campaign=rule.campaign,
        active_at=grant.active_at,
        expires_at=grant.expires_at,
        reason=DropReason.OVER_CAP if is_over else "",
    )
    if rule.caps.over == "keep":
        return _with_grant(account, profile, rule, key, now), (entry,) if is_over else ()
    part = account.part(profile)
    offer, sale_id = part.offers.get(key), hash64(grant.source_event_id)
    sale, postings = part.history.sales.get(sale_id), part.postings.get(sale_id, ())
    posting = next((one for one in postings if one.entry_id == entry_id), None)
    forgiven, points = grant.forgiven, -grant.points if is_over else grant.points
    if posting is not None and sale is not None:
        posting = replace(posting, over=is_over)
        forgiven, points = posting.forgiven, due_to(posting, sale, sale.left_micros) - posting.points
    elif offer is not None:
        forgiven, points = offer.forgiven, -offer.points if is_over else offer.points
        points = 0 if offer.unpaid else points
    own_key = entry_key("over", entry_id, str(now.over))
    posted = posted_further(account, profile, own_key, replace(entry, points=points), forgiven)
    account = _with_grant(posted.account, profile, rule, key, replace(now, forgiven=grant.forgiven + posted.forgiven))
    part = account.part(profile)
    if posting is not None and sale is not None:
        after = with_difference(posting, points, posted.forgiven)
        of_sale = tuple(after if one.entry_id == entry_id else one for one in postings)
        part = replace(part, postings=part.postings | {sale_id: of_sale})
    elif offer is not None:
        offer = replace(offer, over=is_over, forgiven=offer.forgiven + posted.forgiven)
        part = replace(part, offers=part.offers | {key: offer})
    return account.with_part(profile, part), posted.entries


def _with_grant(account: Account, profile: str, rule: Reward, key: int, grant: Grant) -> Account:
    part = account.part(profile)
    count = part.counters.rules[rule.id]
    tally = replace(count.tally, grants=count.tally.grants | {key: grant})
    return account.with_part(profile, with_count(part, rule.id, RuleCount(count.days, tally, count.last)))


def _reached(
    account: Account, profile: str, rule: Reward, count: RuleCount, number: int, reference: Reference
) -> tuple[Account, tuple[Emit, ...]]:
    """The account with a streak or milestone that is reached without an event, as the one with this number."""
    cause, part = f"reached/{number}", account.part(profile)
    key, (at, event_id) = entry_key(rule.id, cause), count.last
    if part.knows(key) or not event_id:
        return account, ()
    active_at, expires_at = terms(rule, at, reference.brand)
    known = part.counters.rules[rule.id]
    grant = Grant(at, 0, rule.points, event_id, rule.version, cause=cause, active_at=active_at, expires_at=expires_at)
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
        lot=lot_name(expires_at),
        campaign=rule.campaign,
        active_at=active_at,
        expires_at=expires_at,
    )
    claims = claims_for(rule, key, cause, entry, reference)
    if claims:
        part = with_claims(part, claims)
    if key in claims:
        return account.with_part(profile, part), asked(profile, claims.values())
    after = account.with_part(profile, with_earned(part, {key: entry}, reference.brand))
    return after, (Emit(entry, transactional=True), *asked(profile, claims.values()))
