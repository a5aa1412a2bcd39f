"""What an event earns: for each rule that holds, an entry that the account does not have yet."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from processors.parts import source_profile_of
from processors.reference import Reference
from processors.rewards.compiled import rules_of
from processors.rewards.counters import Grant, RuleCount
from processors.rewards.ledger import EARNED, entry_key
from processors.rewards.limits import counts, is_due, local_day
from processors.rewards.lots import NEVER, lot_name, terms
from processors.rewards.rules import OF_QUESTION, cause_of
from processors.rewards.state import Account, AccountPart
from processors.rewards.tiers import tier_of
from processors.rewards.worth import Worth, worth_of
from processors.step import Drop
from schemas import kinds
from schemas.brand.model import Reward
from schemas.events import RewardPosted, TouchpointIdentified
from schemas.ids import derived
from schemas.reasons import DropReason

LOW_TRUST: Final = Drop(DropReason.LOW_TRUST)
CAPPED: Final = Drop(DropReason.CAPPED)


class Earned(NamedTuple):
    """An entry, of no points where its rule grants something else, with what its rule is worth."""

    rule: Reward
    worth: Worth
    cause: str
    entry: RewardPosted


class Earning(NamedTuple):
    """``entries`` by their keys; ``visited`` are the rules for which the event's day counts; ``drops`` say what was
    not earned although its rule holds."""

    entries: Mapping[int, Earned] = {}
    visited: tuple[Reward, ...] = ()
    drops: tuple[Drop, ...] = ()


NOTHING_EARNED: Final = Earning()


def earning_of(account: Account, event: TouchpointIdentified, reference: Reference) -> Earning:
    """What the account earns by the event, as it is now."""
    matching = matching_of(account, event, reference)
    if not matching:
        return NOTHING_EARNED
    profile = source_profile_of(event)
    part, entries, visited, drops = account.part(profile), dict[int, Earned](), [], set[Drop]()
    for rule, worth, cause in matching:
        key = entry_key(rule.id, cause)
        if _is_known(account, part, key, cause) or not _has_purchases(account, event, rule):
            continue
        if event.trust is not None and event.trust < rule.trust_at_least:
            drops.add(LOW_TRUST)
            continue
        if counts(rule):
            if rule.milestone is not None or rule.streak is not None:
                visited.append(rule)
            if not is_due(rule, account, local_day(event.occurred_at, event.store, reference)):
                if rule.milestone is None and rule.streak is None:
                    drops.add(CAPPED)
                continue
        entries[key] = Earned(rule, worth, cause, _entry(event, profile, rule, worth.points, cause, reference))
    said = tuple(sorted(drops, key=lambda drop: drop.reason)) if drops else ()
    return Earning(entries, tuple(visited), said)


def matching_of(account: Account, event: TouchpointIdentified, reference: Reference) -> list[tuple[Reward, Worth, str]]:
    """The rules that hold for the event, each with what it is worth and what its entry is unique by."""
    rules = rules_of(event.type, reference)
    if not rules.candidates or (event.source == kinds.SCAN and not event.placement):
        return []  # nothing, or a link that means no tag: anybody can make one up

    known = list[str]()

    def tier() -> str:
        if not known:
            known.append(tier_of(account, event.occurred_at, reference))
        return known[0]

    def personal(name: str) -> Any:
        return tier() or None if name == "person.tier" else account.balance

    found = []
    for rule in rules.holding(event, reference.brand, personal):
        if not (cause := cause_of(rule, event, reference)):
            continue
        worth = worth_of(rule, event, tier, reference)
        if worth is not None and (worth.points or rule.grants):
            found.append((rule, worth, cause))
    return found


def with_counts(
    account: Account, event: TouchpointIdentified, earning: Earning, keeps: bool, reference: Reference
) -> Account:
    """The account once the event counts for streaks, milestones and caps; the same object where it does for none.

    :param keeps: whether the person agrees to be recognised: what they do not agree to has no days, and its grants
    count once they turn out to agree.
    """
    counted = [(key, one) for key, one in earning.entries.items() if counts(one.rule)]
    if not counted and not (earning.visited and keeps):
        return account
    profile, day = source_profile_of(event), local_day(event.occurred_at, event.store, reference)
    part = account.part(profile)
    if keeps:
        for rule in earning.visited:
            count = part.counters.rules.get(rule.id, RuleCount())
            last = max(count.last, (event.occurred_at, event.event_id))
            part = with_count(part, rule.id, RuleCount(count.days.with_day(day), count.tally, last))
    for key, one in counted:
        count = part.counters.rules.get(one.rule.id, RuleCount())
        cause = "" if one.cause == event.event_id else one.cause
        grant = Grant(
            event.occurred_at,
            day,
            one.worth.points,
            event.event_id,
            one.rule.version,
            cause=cause,
            active_at=one.entry.active_at,
            expires_at=one.entry.expires_at,
        )
        part = with_count(part, one.rule.id, RuleCount(count.days, count.tally.with_grant(key, grant), count.last))
    return account.with_part(profile, part)


def asks_what_was(rule: Reward) -> bool:
    """Whether what the rule is worth depends on what the person did before: the order between topics may change it."""
    by_tier = any(one.tier for one in rule.multipliers) or "person." in rule.expression
    return rule.purchases_at_least is not None or counts(rule) or by_tier


def with_count(part: AccountPart, rule_id: str, count: RuleCount) -> AccountPart:
    """The part with what it counted of a rule."""
    counters = part.counters
    rules = dict(sorted((counters.rules | {rule_id: count}).items()))
    return msgspec.structs.replace(part, counters=msgspec.structs.replace(counters, rules=rules))


def _is_known(account: Account, part: AccountPart, key: int, cause: str) -> bool:
    if part.knows(key) or key in part.offers:
        return True
    if not cause.startswith(OF_QUESTION):
        return False
    return any(other.knows(key) or key in other.offers for other in account.parts.values())


def _has_purchases(account: Account, event: TouchpointIdentified, rule: Reward) -> bool:
    if rule.purchases_at_least is None:
        return True
    this = event.type == kinds.SALE and (event.amount_micros or 0) > 0
    return account.purchases_by(event.occurred_at) + this >= rule.purchases_at_least


def _entry(
    event: TouchpointIdentified, profile: str, rule: Reward, points: int, cause: str, reference: Reference
) -> RewardPosted:
    active_at, expires_at = terms(rule, event.occurred_at, reference.brand) if points > 0 else (0, NEVER)
    return RewardPosted(
        event_id=derived("reward", rule.id, profile, cause),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        kind=EARNED,
        points=points,
        rule=rule.id,
        rule_version=rule.version,
        source_event_id=event.event_id,
        source_profile_id=profile,
        campaign=rule.campaign,
        lot=lot_name(expires_at),
        active_at=active_at,
        expires_at=expires_at,
    )
