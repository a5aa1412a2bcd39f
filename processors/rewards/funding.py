"""What of an account waits for a limit over all people: points of campaigns with a budget, coupons, entries in draws.

Such an entry is not posted when it is earned. It becomes a ``Claim`` of its source profile, whose answer posts it, with
as many points as were granted. What is reversed later gives its units back, and is not granted again: another claim may
have them by then. Coupons that were issued are voided instead.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from processors.budgets.holder import CLAIM, GRANTED, RELEASE
from processors.budgets.keys import holder_of
from processors.reference import Reference
from processors.rewards.claims import ASKED, ENDED, HELD, KEPT, OFFERED, Claim
from processors.rewards.earning import Earned
from processors.rewards.late_consent import allowed_at, first_entry, of_sale, posting_of, terms_of
from processors.rewards.ledger import entry_key, posted_first
from processors.rewards.state import Account, AccountPart, Offer, Posting
from processors.step import Drop, Effect, Emit, Step
from schemas import kinds
from schemas.brand.limits import CAMPAIGN, POOL, kind_of, limit_of
from schemas.brand.model import Reward
from schemas.events import BudgetAnswered, BudgetClaimed, CouponRequested, RewardPosted, TouchpointIdentified
from schemas.ids import derived, hash64
from schemas.reasons import DropReason

NOT_GRANTED: Final = Drop(DropReason.EXHAUSTED)
DUPLICATE: Final = Drop(DropReason.DUPLICATE)
ISSUE, VOID, FORGET = "issue", "void", "forget"
NO_CLAIMS: Final[Mapping[int, Claim]] = {}
replace = msgspec.structs.replace


def claims_of(
    event: TouchpointIdentified, earned: Mapping[int, Earned], keeps: bool, reference: Reference
) -> Mapping[int, Claim]:
    """The claims that an event makes, by key: of points that of their entry, of anything else one of its own.

    :param keeps: whether the person agrees to be recognised.
    """
    found: dict[int, Claim] = {}
    for key, one in earned.items():
        if one.rule.campaign or one.rule.grants:
            found |= claims_for(one.rule, key, one.cause, one.entry, reference)
    if not found:
        return NO_CLAIMS
    said, sale = terms_of(event, reference), hash64(event.event_id) if event.type == kinds.SALE else 0
    state = ASKED if keeps else OFFERED
    return {key: replace(claim, state=state, terms=said, sale=sale) for key, claim in found.items()}


def claims_for(rule: Reward, key: int, cause: str, entry: RewardPosted, reference: Reference) -> dict[int, Claim]:
    """The claims of one entry, by key. :param key: of the entry. :param cause: what it is unique by."""
    budget, found = budget_of(rule.campaign, reference), dict[int, Claim]()
    claim = Claim(
        limit=budget,
        claim_id=entry.event_id,
        units=entry.points,
        state=ASKED,
        at=entry.occurred_at,
        rule=rule.id,
        version=entry.rule_version,
        source_event_id=entry.source_event_id,
        person_id=entry.person_id,
        campaign=rule.campaign,
        active_at=entry.active_at,
        expires_at=entry.expires_at,
    )
    if budget and entry.points > 0:
        found[key] = claim
    for limit in rule.grants:
        own_id = derived("claim", entry.event_id, limit)
        found[entry_key(rule.id, cause, limit)] = replace(claim, limit=limit, claim_id=own_id, units=1)
    return found


def budget_of(campaign: str, reference: Reference) -> str:
    """The limit of what the rules of a campaign pay; empty where there is none."""
    known = reference.brand.campaigns.get(campaign) if campaign else None
    return limit_of(CAMPAIGN, campaign) if known is not None and known.budget_points is not None else ""


def with_claims(part: AccountPart, claims: Mapping[int, Claim]) -> AccountPart:
    """The part with further claims. Their keys stand among the entries, without points so far: none is claimed
    twice."""
    posted = {key: 0 for key, claim in claims.items() if claim.state == ASKED and not part.knows(key)}
    return replace(part, posted=part.posted | posted, claims={**part.claims, **claims})


def asked(profile: str, claims: Iterable[Claim]) -> tuple[Emit, ...]:
    """What asks for those claims that are asked for."""
    return tuple(_message(claim, profile, CLAIM, claim.units) for claim in claims if claim.state == ASKED)


def answered(before: Account | None, event: BudgetAnswered) -> Step[Account]:
    """The account after an answer: an entry is posted, a coupon issued, or neither."""
    account, profile = before or Account(), event.source_profile_id
    part = account.part(profile)
    key, claim = next(((key, one) for key, one in part.claims.items() if one.claim_id == event.claim_id), (0, None))
    if claim is None or claim.state == ENDED:
        # Whoever claimed it is forgotten: nobody has the units.
        return Step(before, _unwanted(event) if event.outcome == GRANTED and event.units else (DUPLICATE,))
    if claim.state == HELD:
        return Step(before, (DUPLICATE,))
    if event.outcome != GRANTED:
        return Step(_with(account, profile, key, replace(claim, state=ENDED)), (NOT_GRANTED,))
    held = replace(claim, state=HELD, held=event.units, number=event.first)
    account = _with(account, profile, key, held)
    if kind_of(claim.limit) == CAMPAIGN:
        return Step(*_posted(account, profile, key, held))
    if (given_back := _agreeing(account, account.part(profile), key, held)) is not held:
        # It was never issued, so another claim may have its number.
        return Step(_with(account, profile, key, given_back), (_message(given_back, profile, RELEASE, 0),))
    return Step(account, (_coupon(held, profile, ISSUE),) if kind_of(claim.limit) == POOL else ())


def _posted(account: Account, profile: str, key: int, claim: Claim) -> tuple[Account, tuple[Emit, ...]]:
    """The account with the points of an entry that were granted."""
    part = account.part(profile)
    if claim.sale in part.postings and (sale := part.history.sales.get(claim.sale)) is not None:
        postings, entries = list(part.postings[claim.sale]), list[RewardPosted]()
        for index, posting in enumerate(postings):
            if posting.entry_id == claim.claim_id:
                posting = replace(posting, most=claim.held)
                if not posting.refused:
                    account, posting, entries = of_sale(account, profile, posting, sale)
                postings[index] = posting
        part = account.part(profile)
        account = account.with_part(profile, replace(part, postings=part.postings | {claim.sale: tuple(postings)}))
    else:
        offer = part.offers.get(key)
        if offer is not None:
            offer = replace(offer, unpaid=False, points=claim.held)
            account = account.with_part(profile, replace(part, offers=part.offers | {key: offer}))
        if offer is not None and (offer.refused or offer.over):
            return account, ()
        posting = posting_of(offer or _offer(claim), profile)
        entry = first_entry(replace(posting, entry_id=claim.claim_id), profile, claim.at, claim.held)
        entries = [entry]
        account = posted_first(account, profile, key, entry)
    told = (replace(entry, campaign=claim.campaign, claim_id=claim.claim_id) for entry in entries)
    return account, tuple(Emit(entry, transactional=True) for entry in told)


def followed(account: Account, effects: tuple[Effect, ...]) -> tuple[Account, tuple[Effect, ...]]:
    """The account whose claims agree with its entries, and these effects with those that this takes."""
    if not any([part.claims for part in account.parts.values()]):
        return account, effects
    after, further = _followed(account)
    return after, (*effects, *further)


def _followed(account: Account) -> tuple[Account, list[Effect]]:
    """The account whose claims agree with its entries: what its person turned out to agree to is asked for, what was
    reversed gives its units back, and coupons of what was returned or refused are void."""
    effects = list[Effect]()
    for profile, part in account.parts.items():
        changed: dict[int, Claim] = {}
        for key, claim in part.claims.items():
            now = _agreeing(account, part, key, claim)
            if now is claim:
                continue
            changed[key] = now
            if claim.state == OFFERED and now.state == ASKED:
                effects += asked(profile, (now,))
            elif kind_of(claim.limit) == POOL:
                effects.append(_coupon(claim, profile, VOID))
            else:
                effects.append(_message(now, profile, RELEASE, now.held))
        if changed:
            account = account.with_part(profile, _capped(replace(part, claims=part.claims | changed), changed))
    return account, effects


def _agreeing(account: Account, part: AccountPart, key: int, claim: Claim) -> Claim:
    if claim.state == OFFERED:
        return replace(claim, state=ASKED) if _is_agreed(account, part, key, claim) else claim
    if claim.state != HELD:
        return claim
    if kind_of(claim.limit) == CAMPAIGN:
        points = _points(part, key, claim)
        return claim if points >= claim.held else replace(claim, held=points, state=HELD if points else ENDED)
    sale = part.history.sales.get(claim.sale)
    is_returned = sale is not None and sale.left_micros <= 0
    if is_returned or allowed_at(account, claim.at, claim.terms) is False:
        return replace(claim, held=0, state=ENDED)
    return claim


def _is_agreed(account: Account, part: AccountPart, key: int, claim: Claim) -> bool:
    if kind_of(claim.limit) == CAMPAIGN:
        posting = _posting(part, claim)
        if posting is not None:
            return not posting.refused
        return key in part.offers and not part.offers[key].refused
    return allowed_at(account, claim.at, claim.terms) is True


def _points(part: AccountPart, key: int, claim: Claim) -> int:
    """What the entry of a claim is worth now; all that was granted where that cannot change any more."""
    if (posting := _posting(part, claim)) is not None:
        return max(0, posting.points)
    offer = part.offers.get(key)
    if offer is None:
        return claim.held
    return 0 if offer.refused or offer.over or offer.unpaid else offer.points


def _posting(part: AccountPart, claim: Claim) -> Posting | None:
    return next((one for one in part.postings.get(claim.sale, ()) if one.entry_id == claim.claim_id), None)


def _capped(part: AccountPart, claims: Mapping[int, Claim]) -> AccountPart:
    """The part whose entries are not worth more than their claims hold: what went back may be somebody else's."""
    postings, offers = dict(part.postings), dict(part.offers)
    for key, claim in claims.items():
        if claim.state not in (HELD, ENDED) or kind_of(claim.limit) != CAMPAIGN:
            continue
        if (posting := _posting(part, claim)) is not None:
            postings[claim.sale] = tuple(
                replace(one, most=claim.held) if one is posting else one for one in postings[claim.sale]
            )
        elif key in offers:
            offers[key] = replace(offers[key], unpaid=True)
    return replace(part, postings=postings, offers=offers)


def forgotten(account: Account) -> Iterator[Emit]:
    """What an erasure gives back: the claims that wait. Points that were granted are spent; coupons stay, and forget
    whose they are."""
    for profile, part in account.parts.items():
        yield from (_message(claim, profile, RELEASE, 0) for claim in part.claims.values() if claim.state == ASKED)
        for claim in part.claims.values():
            if claim.state == HELD and kind_of(claim.limit) == POOL:
                yield _coupon(replace(claim, person_id=""), "", FORGET)


def bounded(part: AccountPart) -> AccountPart:
    """Without claims that nothing can change any more, so that a part does not grow with each of them."""
    coupons = sorted(
        (one.at, key) for key, one in part.claims.items() if not one.sale and kind_of(one.limit) != CAMPAIGN
    )
    latest = {key for _, key in coupons[-KEPT:]}

    def matters(key: int, claim: Claim) -> bool:
        if claim.state == ASKED:
            return True
        if claim.sale:
            return claim.sale in part.history.sales or claim.state == OFFERED
        return key in part.offers if kind_of(claim.limit) == CAMPAIGN else key in latest

    kept = {key: claim for key, claim in part.claims.items() if claim.state != ENDED and matters(key, claim)}
    return part if len(kept) == len(part.claims) else replace(part, claims=kept)


def _with(account: Account, profile: str, key: int, claim: Claim) -> Account:
    part = account.part(profile)
    return account.with_part(profile, replace(part, claims=part.claims | {key: claim}))


def _offer(claim: Claim) -> Offer:
    """An offer that is remembered no more."""
    return Offer(
        claim.at,
        claim.rule,
        claim.version,
        claim.held,
        claim.source_event_id,
        claim.person_id,
        claim.terms,
        active_at=claim.active_at,
        expires_at=claim.expires_at,
    )


def _message(claim: Claim, profile: str, action: str, units: int) -> Emit:
    message = BudgetClaimed(
        event_id=derived(f"budget {action}", claim.claim_id, str(units)),
        occurred_at=claim.at,
        key=holder_of(claim.limit, claim.claim_id),
        limit=claim.limit,
        action=action,
        claim_id=claim.claim_id,
        units=units,
        person_id=claim.person_id,
        source_profile_id=profile,
        rule=claim.rule,
        source_event_id=claim.source_event_id,
    )
    return Emit(message, transactional=True)


def _unwanted(event: BudgetAnswered) -> tuple[Effect, ...]:
    message = BudgetClaimed(
        event_id=derived("budget release", event.claim_id, "unwanted"),
        occurred_at=event.occurred_at,
        key=holder_of(event.limit, event.claim_id),
        limit=event.limit,
        action=RELEASE,
        claim_id=event.claim_id,
        person_id=event.person_id,
        source_profile_id=event.source_profile_id,
        rule=event.rule,
        source_event_id=event.source_event_id,
    )
    return (Emit(message, transactional=True),)


def _coupon(claim: Claim, profile: str, action: str) -> Emit:
    request = CouponRequested(
        event_id=derived(f"coupon {action}", claim.claim_id),
        occurred_at=claim.at,
        key=f"{claim.limit}/{claim.number}",
        action=action,
        pool=claim.limit.partition("/")[2],
        ordinal=claim.number,
        person_id=claim.person_id,
        source_profile_id=profile,
        rule=claim.rule,
        rule_version=claim.version,
        source_event_id=claim.source_event_id,
        campaign=claim.campaign,
    )
    return Emit(request, transactional=True)
