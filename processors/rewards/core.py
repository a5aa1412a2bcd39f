"""Rewards: reads touchpoint-identified, writes reward-posted, keyed by person id. It also finds the sales that returns
name: it writes and reads sale-referenced, keyed by sale, and sale-returned.

The ledger is append-only. An entry is unique per rule, source profile and source event, whatever is replayed and under
whatever person identity published the event. A return reverses what its sale earned, in proportion to the money that
went back, and leaves no residue when all of it did; ``processors.purchases`` says on which sale a return is booked.
When a late sale, a merge or a split moves a booking, further reversals post the difference.

A ledger needs the person's consent to identity as of the time of the event. Without it points are offered and not kept:
nothing is posted, and the metric of drops counts it (``no_consent``). What was posted for events before a withdrawal
stays. A statement that arrives late has what it concerns reversed, or posted after all (``late_consent``).
"""

from collections.abc import Iterable, Mapping

import msgspec

from processors import parts
from processors.parts import source_profile_of
from processors.purchases import Sale, may_rebook, named_return
from processors.reference import Reference
from processors.rewards.late_consent import (
    consent_counts,
    may_keep,
    offer_of,
    reconsidered,
    stated,
    terms_of,
    with_word,
)
from processors.rewards.ledger import EARNED, entry_key, expire, may_owe, owes, repaid, wakes, with_earned
from processors.rewards.lots import NEVER, lot_name, terms
from processors.rewards.references import NOTHING, forget, meet, refer
from processors.rewards.replay import canonical
from processors.rewards.reversals import reconcile, returned, with_return
from processors.rewards.rules import cause_of, holds, is_public, per_unit, points_of
from processors.rewards.spending import arrived, moved
from processors.rewards.state import Account, Posting
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas import kinds
from schemas.brand.model import Reward
from schemas.consent.statements import may_say
from schemas.events import ConsentStated, PointsMoved, RewardPosted, SaleReferenced, SaleReturned, TouchpointIdentified
from schemas.ids import derived, hash64
from schemas.reasons import DropReason
from schemas.topics import (
    CONSENT_STATED,
    IDENTITY_CHANGED,
    POINTS_MOVED,
    PROFILE_ERASED,
    REWARD_POSTED,
    SALE_REFERENCED,
    SALE_RETURNED,
    STATE_MOVED,
    TOUCHPOINT_IDENTIFIED,
)

LOW_TRUST = Drop(DropReason.LOW_TRUST)
NO_CONSENT = Drop(DropReason.NO_CONSENT)
"""Points that are offered and not kept."""


def step(
    account: Account | None,
    event: TouchpointIdentified | SaleReferenced | SaleReturned | ConsentStated | PointsMoved,
    reference: Reference,
) -> Step[Account]:
    """Posts what the event earns, or reverses what it returns; what is owed is paid first."""
    step = _taken(account, event, reference)
    if step.state is None or step.state is account or not owes(step.state):
        return step
    paid = repaid(step.state, event.occurred_at, event.event_id)
    return Step(paid.state, (*step.effects, *paid.effects))


def _taken(
    account: Account | None,
    event: TouchpointIdentified | SaleReferenced | SaleReturned | ConsentStated | PointsMoved,
    reference: Reference,
) -> Step[Account]:
    if isinstance(event, SaleReferenced):
        known, found = meet((account.reference if account is not None else None) or NOTHING, event)
        return Step(Account(reference=known), found)
    if isinstance(event, SaleReturned):
        return with_return(account or Account(), event.source_profile_id, named_return(event), event.return_event_id)
    if isinstance(event, ConsentStated):
        return Step(*stated(account, event))
    if isinstance(event, PointsMoved):
        return arrived(account, event)
    if event.type == kinds.RETURN:
        return returned(account, event)
    if event.type in kinds.POINTS:
        return moved(account, event, reference)
    if not event.person_id:
        return Step(account)
    before, profile = account or Account(), source_profile_of(event)
    if may_say(event) and (after := with_word(before, profile, event)) is not before:
        before, changed = reconsidered(after)
        step = _with_earning(before, before, event, profile, reference)
        return Step(step.state, (*changed, *step.effects))
    return _with_earning(account, before, event, profile, reference)


def _with_earning(
    account: Account | None, before: Account, event: TouchpointIdentified, profile: str, reference: Reference
) -> Step[Account]:
    earned, offered = _earned(before, event, profile, reference), tuple[Drop, ...]()
    if event.trust is not None:
        trusted = {rule.id for rule in reference.brand.rewards if event.trust >= rule.trust_at_least}
        if any(entry.rule not in trusted for entry in earned.values()):
            earned = {key: entry for key, entry in earned.items() if entry.rule in trusted}
            offered = (LOW_TRUST,)
    keeps = not earned or may_keep(before, event, reference)
    if not keeps:
        offered = (*offered, NO_CONSENT)
    if event.type == kinds.SALE:
        step = _with_sale(before, event, profile, earned, keeps, reference)
        return Step(step.state, (*step.effects, *offered))
    if before.part(profile).offers and is_public(event, reference):
        agreeing, changed = reconsidered(_with_moments(before, event, profile, reference))
        if agreeing is not before:
            step = _with_entries(agreeing, agreeing, event, profile, earned, keeps, reference)
            return Step(step.state, (*changed, *step.effects, *offered))
    step = _with_entries(account, before, event, profile, earned, keeps, reference)
    return Step(step.state, (*step.effects, *offered))


def _with_entries(
    account: Account | None,
    before: Account,
    event: TouchpointIdentified,
    profile: str,
    earned: Mapping[int, RewardPosted],
    keeps: bool,
    reference: Reference,
) -> Step[Account]:
    if not earned:
        return Step(account)
    part = before.part(profile)
    if keeps:
        part = with_earned(part, earned, may_owe(reference.brand))
    if consent_counts(before, reference):
        said = terms_of(event, reference)
        part = part.with_offers({key: offer_of(event, entry, key, said, keeps) for key, entry in earned.items()})
    return Step(before.with_part(profile, part), _earnings(earned.values(), before, reference) if keeps else ())


def merge(winner: Account | None, loser: Account) -> Step[Account]:
    """The parts of both accounts: the balance is the sum, entries that both have count once, and a return of one may be
    booked on a sale of the other. What was booked on parts that the account has no more is booked anew; what is
    posted agrees with what its parts said."""
    agreeing, changed = reconsidered(winner.joined(loser) if winner is not None else loser)
    after, effects = reconcile(agreeing)
    return Step(after, (*changed, *effects))


def erase(account: Account) -> tuple[Effect, ...]:
    """Nothing is posted: the store keeps the ledger's entries and forgets the person behind them. Whose its sales are
    is forgotten where returns look for them."""
    forgotten = {
        id: sale.occurred_at
        for part in account.parts.values()
        for hashed, sale in part.history.sales.items()
        if (id := part.sale_ids.get(hashed, "") or _sale_id(part.postings.get(hashed, ())))
    }
    return tuple(forget(id, at) for id, at in forgotten.items())


def _sale_id(postings: tuple[Posting, ...]) -> str:
    """Of a sale that was known before event ids of sales were kept: that of what it earned."""
    return postings[0].source_event_id if postings else ""


def _earned(
    account: Account, event: TouchpointIdentified, profile: str, reference: Reference
) -> dict[int, RewardPosted]:
    """The entries that the account does not have yet, by their keys."""
    part, earned = account.part(profile), {}
    for rule in reference.brand.rewards:
        cause = cause_of(rule, event, reference)
        points = points_of(rule, event, reference) if cause else 0
        key = entry_key(rule.id, cause) if points else 0
        known = part.knows(key) or key in part.offers
        if points and not known and _has_purchases(account, event, rule) and holds(rule, event, reference):
            earned[key] = _entry(event, profile, rule, points, cause, reference)
    return earned


def _with_moments(account: Account, event: TouchpointIdentified, profile: str, reference: Reference) -> Account:
    """The account once the offers of the event's day, which other events made, know of this one."""
    part, offers, moment = account.part(profile), {}, (event.occurred_at, terms_of(event, reference))
    for rule in reference.brand.rewards:
        if not (cause := cause_of(rule, event, reference)) or not points_of(rule, event, reference):
            continue
        if not holds(rule, event, reference) or (event.trust is not None and event.trust < rule.trust_at_least):
            continue
        offer = part.offers.get(key := entry_key(rule.id, cause))
        if offer is not None and offer.with_moment(moment) is not offer:
            offers[key] = offer.with_moment(moment)
    return account.with_part(profile, part.with_offers(offers)) if offers else account


def _has_purchases(account: Account, event: TouchpointIdentified, rule: Reward) -> bool:
    if rule.purchases_at_least is None:
        return True
    this = event.type == kinds.SALE and (event.amount_micros or 0) > 0
    return account.purchases_by(event.occurred_at) + this >= rule.purchases_at_least


def _with_sale(
    account: Account,
    event: TouchpointIdentified,
    profile: str,
    earned: Mapping[int, RewardPosted],
    keeps: bool,
    reference: Reference,
) -> Step[Account]:
    part, id = account.part(profile), hash64(event.event_id)
    if id in part.history.sales or part.knows(id):
        return Step(account)
    rules, said = {rule.id: rule for rule in reference.brand.rewards}, terms_of(event, reference)
    postings = tuple(
        Posting(
            e.rule,
            e.rule_version,
            e.event_id,
            rules[e.rule].points,
            per_unit(rules[e.rule], event, reference),
            e.points if keeps else 0,
            person_id=event.person_id,
            source_event_id=event.event_id,
            terms=said,
            refused=not keeps,
            active_at=e.active_at,
            expires_at=e.expires_at,
        )
        for key, e in earned.items()
        # What a sale of a public key was offered in vain is free for the next one of the day.
        if keeps or key == entry_key(e.rule, event.event_id)
    )
    sale = Sale(event.occurred_at, event.currency, event.amount_micros or 0)
    with_sale = msgspec.structs.replace(
        with_earned(part, earned, may_owe(reference.brand)) if keeps and earned else part,
        history=part.history.with_sale(id, sale),
        postings=part.postings | {id: postings} if postings else part.postings,
        sale_ids=part.sale_ids | {id: event.event_id},
    )
    after, reversals = account.with_part(profile, with_sale), tuple[Emit, ...]()
    if may_rebook(account.histories.values(), id, sale):
        after, reversals = reconcile(after)
    entries = _earnings(earned.values(), account, reference) if keeps else ()
    return Step(after, (*entries, refer(event), *reversals))


def _earnings(entries: Iterable[RewardPosted], account: Account, reference: Reference) -> tuple[Emit, ...]:
    """How often somebody had bought, and what they said of being recognised, may change with the order between topics;
    what the event itself earns does not."""
    by_purchases = {rule.id for rule in reference.brand.rewards if rule.purchases_at_least is not None}
    by_consent = consent_counts(account, reference)
    return tuple(Emit(entry, transactional=by_consent or entry.rule in by_purchases) for entry in entries)


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
        lot=lot_name(expires_at),
        active_at=active_at,
        expires_at=expires_at,
    )


def due(account: Account, at: int, reference: Reference) -> Step[Account]:
    """Points expire, once they have paid what is owed."""
    paid = repaid(account, at, f"{at}/{account.entries}") if owes(account) else Step(account)
    assert paid.state is not None
    expired = expire(paid.state, at)
    return Step(expired.state, (*paid.effects, *expired.effects))


PROCESSOR = Processor(
    name="rewards",
    sources=(
        TOUCHPOINT_IDENTIFIED,
        SALE_REFERENCED,
        SALE_RETURNED,
        CONSENT_STATED,
        POINTS_MOVED,
        IDENTITY_CHANGED,
        STATE_MOVED,
        PROFILE_ERASED,
    ),
    emits=(REWARD_POSTED, POINTS_MOVED, SALE_REFERENCED, SALE_RETURNED),
    state=Account,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=parts.split,
    size=lambda account: account.size,
    linger_ms=300,
    canonical=canonical,
    wakes=wakes,
    due=due,
)
