"""What people said of being recognised, and what a statement that arrives late changes in their ledger.

The ledger is to be the same in whatever order statements and events arrive, people merge and come apart. So an account
remembers what was offered, posted or not, with the time at which consent to it is asked for and with what the brand
said of its place then. Whenever something that the person said becomes known, or leaves with its source profile, each
offer is looked at as of its own time: what turns out to be refused is reversed, what turns out to be agreed to is
posted after all. Where an offer is older than what is kept of the statements, nothing changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from processors.consents import permitted, place_of
from processors.parts import source_profile_of
from processors.purchases import Sale
from processors.reference import Reference
from processors.rewards.ledger import EARNED, entry_key, posted_first, posted_further
from processors.rewards.lots import lot_name
from processors.rewards.reversals import due_to, further_entry, with_difference
from processors.rewards.state import Account, Offer, Posting
from processors.step import Emit
from schemas.consent.choices import Consents
from schemas.consent.permission import PurposeRules, Why, permission
from schemas.consent.purposes import IDENTITY
from schemas.consent.statements import consents_after
from schemas.events import ConsentStated, RewardPosted, TouchpointIdentified
from schemas.ids import derived

RECOGNISED: Final = frozenset((IDENTITY,))
ASKS_FIRST, HEEDS_GPC = 1, 2
"""Bits of the terms of an event."""


class _Terms(msgspec.Struct, frozen=True):
    """What a brand said of the purpose at some time and place."""

    bits: int

    def asks_first(self, jurisdiction: str) -> bool:
        return bool(self.bits & ASKS_FIRST)

    def heeds_gpc(self, jurisdiction: str) -> bool:
        return bool(self.bits & HEEDS_GPC)


RULES: Final[tuple[Mapping[str, PurposeRules], ...]] = tuple({IDENTITY: _Terms(bits)} for bits in range(4))
Moments = Iterable[tuple[int, int]]


def with_word(account: Account, profile: str, event: TouchpointIdentified | ConsentStated) -> Account:
    """The account once what the event says of identity is known; the same object where that is nothing new."""
    part = account.part(profile)
    consents = consents_after(part.consents, event, RECOGNISED)
    if consents is part.consents:
        return account
    return account.with_part(profile, msgspec.structs.replace(part, consents=consents))


def stated(account: Account | None, event: ConsentStated) -> tuple[Account | None, tuple[Emit, ...]]:
    """The account after a statement that came with another identifier, and what it changes."""
    before = account or Account()
    after = with_word(before, source_profile_of(event), event)
    return (account, ()) if after is before else reconsidered(after)


def may_keep(account: Account, event: TouchpointIdentified, reference: Reference) -> bool:
    """Whether the person agrees to be recognised, without which nobody has a ledger."""
    found = permitted(_said(account), IDENTITY, event, reference)
    return found is None or found.allowed


def consent_counts(account: Account, reference: Reference) -> bool:
    """Whether anything that is said could have to do with the points: the brand has the purpose, or somebody said
    something of it."""
    return IDENTITY in reference.brand.consent or any(part.consents.says_something for part in account.parts.values())


def terms_of(event: TouchpointIdentified, reference: Reference) -> int:
    """What the brand says of the event's place, in bits: a later configuration does not change what was."""
    rule = reference.brand.consent.get(IDENTITY)
    if rule is None:
        return 0
    place = place_of(event, reference)
    return ASKS_FIRST * rule.asks_first(place) | HEEDS_GPC * rule.heeds_gpc(place)


def reconsidered(account: Account) -> tuple[Account, tuple[Emit, ...]]:
    """The account whose entries agree with all that its person said, and the entries that this takes; the same object
    where they agree already."""
    said, after, entries = _said(account), account, list[RewardPosted]()
    for profile in account.parts:
        for agreeing in (_agreeing_offers, _agreeing_sales):
            after, further = agreeing(after, profile, said)
            entries += further
    # What was said comes on several topics, which have no order among each other.
    return after, tuple(Emit(entry, transactional=True) for entry in entries)


def offer_of(
    event: TouchpointIdentified, entry: RewardPosted, cause: str, terms: int, keeps: bool, unpaid: bool = False
) -> Offer:
    """What is remembered of an entry, and of one that was not posted.

    :param cause: what the entry is unique by. :param unpaid: whether it waits for a budget.
    """
    return Offer(
        at=event.occurred_at,
        rule=entry.rule,
        version=entry.rule_version,
        points=entry.points,
        source_event_id=event.event_id,
        person_id=event.person_id,
        terms=terms,
        refused=not keeps,
        cause="" if cause == event.event_id else cause,
        active_at=entry.active_at,
        expires_at=entry.expires_at,
        unpaid=unpaid,
    )


def allowed_at(account: Account, at: int, terms: int) -> bool | None:
    """Whether the person agrees to be recognised at a time (microseconds) on the terms of then (``terms_of``); None
    where that is not known any more."""
    return _allowed(_said(account), ((at, terms),))


def _said(account: Account) -> list[Consents]:
    return [part.consents for part in account.parts.values() if part.consents.says_something]


def _allowed(said: Sequence[Consents], moments: Moments) -> bool | None:
    """Whether the person agrees as of one of the moments; None where that is not known any more."""
    found = [permission(said, IDENTITY, at, RULES[terms], "") for at, terms in moments]
    if any(one.allowed for one in found):
        return True
    return None if any(one.why is Why.FORGOTTEN for one in found) else False


def _agreeing_offers(account: Account, profile: str, said: Sequence[Consents]) -> tuple[Account, list[RewardPosted]]:
    entries, changed = list[RewardPosted](), dict[int, Offer]()
    for key, offer in account.part(profile).offers.items():
        allowed = _allowed(said, offer.moments)
        if allowed is None or allowed is not offer.refused:
            continue
        if offer.over or offer.unpaid:
            changed[key] = msgspec.structs.replace(offer, refused=not allowed)
            continue
        posting = posting_of(offer, profile)
        if allowed and not offer.reversals:
            entry = first_entry(posting, profile, offer.at, offer.points)
            account = posted_first(account, profile, key, entry)
            entries.append(entry)
            changed[key] = msgspec.structs.replace(offer, refused=False)
            continue
        points = offer.points if allowed else -offer.points
        further = further_entry(account.part(profile), profile, posting, points, offer.at)
        posted = posted_further(account, profile, *further, offer.forgiven)
        account = posted.account
        entries += posted.entries
        changed[key] = msgspec.structs.replace(
            offer, refused=not allowed, reversals=offer.reversals + 1, forgiven=offer.forgiven + posted.forgiven
        )
    if not changed:
        return account, []
    part = account.part(profile)
    return account.with_part(profile, msgspec.structs.replace(part, offers=part.offers | changed)), entries


def _agreeing_sales(account: Account, profile: str, said: Sequence[Consents]) -> tuple[Account, list[RewardPosted]]:
    entries, changed = list[RewardPosted](), dict[int, tuple[Posting, ...]]()
    sales = account.part(profile).history.sales
    for id, before in account.part(profile).postings.items():
        if (sale := sales.get(id)) is None:
            continue
        now = list[Posting]()
        for posting in before:
            allowed = _allowed(said, ((sale.occurred_at, posting.terms),))
            if allowed is not None and allowed is posting.refused:
                posting = msgspec.structs.replace(posting, refused=not allowed)
                account, posting, posted = of_sale(account, profile, posting, sale)
                entries += posted
            now.append(posting)
        if (kept := tuple(now)) != before:
            changed[id] = kept
    if not changed:
        return account, []
    part = account.part(profile)
    return account.with_part(profile, msgspec.structs.replace(part, postings=part.postings | changed)), entries


def of_sale(
    account: Account, profile: str, posting: Posting, sale: Sale
) -> tuple[Account, Posting, list[RewardPosted]]:
    """The entries of a sale whose posting has just been refused, agreed to or granted: the entry itself where
    it was never posted, and what brings it to what the sale is worth after its returns."""
    entries = list[RewardPosted]()
    if not (posting.refused or posting.over or posting.is_posted or posting.most == 0):
        points = due_to(posting, sale, sale.micros)
        entry = first_entry(posting, profile, sale.occurred_at, points)
        account = posted_first(account, profile, entry_key(posting.rule, posting.source_event_id), entry)
        entries.append(entry)
        posting = msgspec.structs.replace(posting, points=points)
    due = due_to(posting, sale, sale.left_micros)
    if due != posting.points:
        difference = due - posting.points
        further = further_entry(account.part(profile), profile, posting, difference, sale.occurred_at)
        posted = posted_further(account, profile, *further, posting.forgiven)
        account, posting = posted.account, with_difference(posting, difference, posted.forgiven)
        entries += posted.entries
    return account, posting, entries


def posting_of(offer: Offer, profile: str) -> Posting:
    """What entries need to know of an offer."""
    entry_id = derived("reward", offer.rule, profile, offer.cause or offer.source_event_id)
    return Posting(
        offer.rule,
        offer.version,
        entry_id,
        offer.points,
        0,
        0 if offer.refused else offer.points,
        offer.reversals,
        offer.person_id,
        offer.source_event_id,
        active_at=offer.active_at,
        expires_at=offer.expires_at,
    )


def first_entry(posting: Posting, profile: str, occurred_at: int, points: int) -> RewardPosted:
    """The entry of what was earned."""
    return RewardPosted(
        event_id=posting.entry_id,
        occurred_at=occurred_at,
        person_id=posting.person_id or profile,
        kind=EARNED,
        points=points,
        rule=posting.rule,
        rule_version=posting.version,
        source_event_id=posting.source_event_id,
        source_profile_id=profile,
        lot=lot_name(posting.expires_at),
        active_at=posting.active_at,
        expires_at=posting.expires_at,
    )
