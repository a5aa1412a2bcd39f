"""Rewards: reads touchpoint-identified, writes reward-posted, keyed by person id. It also finds the sales that returns
name: it writes and reads sale-referenced, keyed by sale, and sale-returned. The two sides of a referral tell each
other by referral-changed (``referrals``).

The ledger is append-only. An entry is unique per rule, source profile and source event, whatever is replayed and under
whatever person identity published the event. A return reverses what its sale earned, in proportion to the money that
went back, and leaves no residue when all of it did; ``processors.purchases`` says on which sale a return is booked.
When a late sale, a merge or a split moves a booking, further reversals post the difference.

A ledger needs the person's consent to identity as of the time of the event. Without it points are offered and not kept:
nothing is posted, and the metric of drops counts it (``no_consent``). What was posted for events before a withdrawal
stays. A statement that arrives late has what it concerns reversed, or posted after all (``late_consent``).
"""

from collections.abc import Mapping

import msgspec

from processors import parts
from processors.parts import source_profile_of
from processors.purchases import Sale, may_rebook, named_return
from processors.reference import Reference
from processors.rewards import funding, recount, timers
from processors.rewards.claims import Claim
from processors.rewards.closing import with_little
from processors.rewards.coupons import exchanged, has_coupons
from processors.rewards.dates import with_dates
from processors.rewards.earning import Earned, asks_what_was, earning_of, matching_of, with_counts
from processors.rewards.late_consent import (
    consent_counts,
    may_keep,
    offer_of,
    reconsidered,
    stated,
    terms_of,
    with_word,
)
from processors.rewards.ledger import entry_key, owes, repaid, with_earned
from processors.rewards.limits import zone_of
from processors.rewards.references import NOTHING, forget, meet, refer
from processors.rewards.referrals.step import decided, forgotten_by_erasure, heard, with_referrals
from processors.rewards.replay import canonical
from processors.rewards.reversals import reconcile, returned, with_return
from processors.rewards.rules import is_public
from processors.rewards.spending import arrived, moved
from processors.rewards.state import Account, Posting
from processors.rewards.tiers import with_qualifying
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas import kinds
from schemas.consent.statements import may_say
from schemas.events import (
    BudgetAnswered,
    ConsentStated,
    PointsMoved,
    ReferralChanged,
    SaleReferenced,
    SaleReturned,
    TouchpointIdentified,
)
from schemas.ids import hash64
from schemas.reasons import DropReason
from schemas.topics import (
    BUDGET_ANSWERED,
    BUDGET_CLAIMED,
    CONSENT_STATED,
    COUPON_REQUESTED,
    IDENTITY_CHANGED,
    POINTS_MOVED,
    PROFILE_ERASED,
    REFERRAL_CHANGED,
    REWARD_POSTED,
    SALE_REFERENCED,
    SALE_RETURNED,
    STATE_MOVED,
    TOUCHPOINT_IDENTIFIED,
)

NO_CONSENT = Drop(DropReason.NO_CONSENT)
"""Points that are offered and not kept."""


def step(
    account: Account | None,
    event: TouchpointIdentified
    | SaleReferenced
    | SaleReturned
    | ConsentStated
    | ReferralChanged
    | BudgetAnswered
    | PointsMoved,
    reference: Reference,
) -> Step[Account]:
    """Posts what the event earns, or reverses what it returns; then what this changes in referrals and for the tier;
    what is owed is paid first."""
    if isinstance(event, ReferralChanged):
        step = heard(account, event)
    elif isinstance(event, PointsMoved):
        step = arrived(account, event, reference)
    elif isinstance(event, BudgetAnswered):
        step = funding.answered(account, event)
    else:
        step = with_referrals(account, _with_points(account, event, reference), event, reference)
    if step.state is None or step.state is account:
        return step
    after, effects = funding.followed(step.state, step.effects)
    if effects and reference.brand.tiers:
        after = with_qualifying(after, effects, zone_of(reference))
    if isinstance(event, TouchpointIdentified):
        little = with_little(after, source_profile_of(event), event.occurred_at, reference.brand)
        after, effects = little.state or after, (*effects, *little.effects)
    if not owes(after):
        return Step(after, effects)
    paid = repaid(after, event.occurred_at, event.event_id)
    return Step(paid.state, (*effects, *paid.effects))


def _with_points(
    account: Account | None,
    event: TouchpointIdentified | SaleReferenced | SaleReturned | ConsentStated,
    reference: Reference,
) -> Step[Account]:
    if isinstance(event, SaleReferenced):
        known, found = meet((account.reference if account is not None else None) or NOTHING, event)
        return Step(Account(reference=known), found)
    if isinstance(event, SaleReturned):
        return with_return(account or Account(), event.source_profile_id, named_return(event), event.return_event_id)
    if isinstance(event, ConsentStated):
        now, effects = stated(account, event)
        return Step(recount.marked(now) if effects and now is not None else now, effects)
    if event.type == kinds.RETURN:
        step = returned(account, event)
        return Step(step.state, (*exchanged(event), *step.effects))
    if event.type in kinds.POINTS:
        return moved(account, event, reference)
    if not event.person_id:
        return Step(account)
    before, profile = account or Account(), source_profile_of(event)
    if may_say(event) and (after := with_word(before, profile, event)) is not before:
        before, changed = reconsidered(after)
        before = recount.marked(before) if changed else before
        step = _with_earning(before, before, event, profile, reference)
        return Step(step.state, (*changed, *step.effects))
    return _with_earning(account, before, event, profile, reference)


def _with_earning(
    account: Account | None, before: Account, event: TouchpointIdentified, profile: str, reference: Reference
) -> Step[Account]:
    earning = earning_of(before, event, reference)
    earned, offered = earning.entries, earning.drops
    keeps = not (earned or earning.visited) or may_keep(before, event, reference)
    if not keeps:
        offered = (*offered, NO_CONSENT)
    changed = tuple[Emit, ...]()
    if before.part(profile).offers and event.type != kinds.SALE and is_public(event, reference):
        agreeing, changed = reconsidered(_with_moments(before, event, profile, reference))
        if agreeing is not before:
            before, account = agreeing, agreeing
    counted = with_counts(before, event, earning, keeps, reference)
    if counted is not before:
        before, account = counted, counted
    claims = funding.claims_of(event, earned, keeps, reference) if earned else funding.NO_CLAIMS
    if event.type == kinds.SALE:
        step = _with_sale(before, event, profile, earned, keeps, claims, reference)
    else:
        step = _with_entries(account, before, event, profile, earned, keeps, claims, reference)
    dated = with_dates(step.state or before, event, reference)
    after = step.state if dated is before else dated
    return Step(after, (*changed, *step.effects, *offered))


def _with_entries(
    account: Account | None,
    before: Account,
    event: TouchpointIdentified,
    profile: str,
    earned: Mapping[int, Earned],
    keeps: bool,
    claims: Mapping[int, Claim],
    reference: Reference,
) -> Step[Account]:
    if not earned:
        return Step(account)
    part = funding.with_claims(before.part(profile), claims) if claims else before.part(profile)
    if keeps:
        part = with_earned(part, {key: e.entry for key, e in earned.items() if key not in claims}, reference.brand)
    if claims or consent_counts(before, reference):
        said = terms_of(event, reference)
        offered = (
            earned.items()
            if consent_counts(before, reference)
            else [(key, earned[key]) for key in claims if key in earned]
        )
        part = part.with_offers({k: offer_of(event, e.entry, e.cause, said, keeps, k in claims) for k, e in offered})
        part = funding.bounded(part) if claims else part
    entries = _earnings(earned, claims, before, reference) if keeps else ()
    return Step(before.with_part(profile, part), (*entries, *funding.asked(profile, claims.values())))


def merge(winner: Account | None, loser: Account) -> Step[Account]:
    """The parts of both accounts: the balance is the sum, entries that both have count once, and a return of one may be
    booked on a sale of the other. What was booked on parts that the account has no more is booked anew; what is
    posted agrees with what its parts said."""
    joined = winner.joined(recount.unmarked(loser)) if winner is not None else loser
    agreeing, changed = reconsidered(joined)
    reconciled, effects = reconcile(agreeing)
    referred_to, referred = decided(reconciled)
    after, all_of_it = funding.followed(referred_to, (*changed, *effects, *referred))
    after = with_qualifying(after, all_of_it)
    return Step(after if after == winner else recount.marked(after), all_of_it)


def erase(account: Account) -> tuple[Effect, ...]:
    """Nothing is posted: the store keeps the ledger's entries and forgets the person behind them. Whose its sales are
    is forgotten where returns look for them, and who it was by the other sides of its referrals."""
    forgotten = {
        id: sale.occurred_at
        for part in account.parts.values()
        for hashed, sale in part.history.sales.items()
        if (id := part.sale_ids.get(hashed, "") or _sale_id(part.postings.get(hashed, ())))
    }
    sales = (forget(id, at) for id, at in forgotten.items())
    return (*sales, *forgotten_by_erasure(account), *funding.forgotten(account))


def _sale_id(postings: tuple[Posting, ...]) -> str:
    """Of a sale that was known before event ids of sales were kept: that of what it earned."""
    return postings[0].source_event_id if postings else ""


def _with_moments(account: Account, event: TouchpointIdentified, profile: str, reference: Reference) -> Account:
    """The account once the offers of the event's day, which other events made, know of this one."""
    part, offers, moment = account.part(profile), {}, (event.occurred_at, terms_of(event, reference))
    for rule, _, cause in matching_of(account, event, reference):
        if event.trust is not None and event.trust < rule.trust_at_least:
            continue
        offer = part.offers.get(key := entry_key(rule.id, cause))
        if offer is not None and offer.with_moment(moment) is not offer:
            offers[key] = offer.with_moment(moment)
    return account.with_part(profile, part.with_offers(offers)) if offers else account


def _with_sale(
    account: Account,
    event: TouchpointIdentified,
    profile: str,
    earned: Mapping[int, Earned],
    keeps: bool,
    claims: Mapping[int, Claim],
    reference: Reference,
) -> Step[Account]:
    part, id = account.part(profile), hash64(event.event_id)
    if id in part.history.sales or part.knows(id):
        return Step(account)
    said = terms_of(event, reference)
    postings = tuple(
        Posting(
            e.rule.id,
            e.rule.version,
            e.entry.event_id,
            e.worth.fixed,
            e.worth.per_unit,
            e.worth.points if keeps and key not in claims else 0,
            person_id=event.person_id,
            source_event_id=event.event_id,
            terms=said,
            refused=not keeps,
            active_at=e.entry.active_at,
            expires_at=e.entry.expires_at,
            counted=e.worth.counted,
            most=0 if key in claims else -1,
        )
        for key, e in earned.items()
        # What a sale of a public key was offered in vain is free for the next one of the day.
        if keeps or key == entry_key(e.rule.id, event.event_id)
    )
    sale = Sale(event.occurred_at, event.currency, event.amount_micros or 0)
    if keeps and earned:
        part = with_earned(part, {key: e.entry for key, e in earned.items() if key not in claims}, reference.brand)
    with_sale = msgspec.structs.replace(
        part,
        history=part.history.with_sale(id, sale),
        postings=part.postings | {id: postings} if postings else part.postings,
        sale_ids=part.sale_ids | {id: event.event_id},
        coupon_sales=tuple(sorted({*part.coupon_sales, id})) if has_coupons(event) else part.coupon_sales,
    )
    with_sale = funding.bounded(funding.with_claims(with_sale, claims)) if claims else with_sale
    after, reversals = account.with_part(profile, with_sale), tuple[Emit, ...]()
    if may_rebook(account.histories.values(), id, sale):
        after, reversals = reconcile(after)
    entries = _earnings(earned, claims, account, reference) if keeps else ()
    return Step(after, (*entries, *funding.asked(profile, claims.values()), refer(event), *reversals))


def _earnings(
    earned: Mapping[int, Earned], claims: Mapping[int, Claim], account: Account, reference: Reference
) -> tuple[Emit, ...]:
    """How often somebody had bought or come, and what they said of being recognised, may change with the order between
    topics; what the event itself earns does not."""
    by_consent = consent_counts(account, reference)
    return tuple(
        [
            Emit(one.entry, transactional=by_consent or asks_what_was(one.rule))
            for key, one in earned.items()
            if one.worth.points and key not in claims
        ]
    )


PROCESSOR = Processor(
    name="rewards",
    sources=(
        TOUCHPOINT_IDENTIFIED,
        SALE_REFERENCED,
        SALE_RETURNED,
        CONSENT_STATED,
        POINTS_MOVED,
        BUDGET_ANSWERED,
        REFERRAL_CHANGED,
        IDENTITY_CHANGED,
        STATE_MOVED,
        PROFILE_ERASED,
    ),
    emits=(
        REWARD_POSTED,
        POINTS_MOVED,
        SALE_REFERENCED,
        SALE_RETURNED,
        REFERRAL_CHANGED,
        BUDGET_CLAIMED,
        COUPON_REQUESTED,
    ),
    state=Account,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=parts.split,
    size=lambda account: account.size,
    linger_ms=300,
    canonical=canonical,
    wakes=timers.wakes,
    due=timers.due,
)
