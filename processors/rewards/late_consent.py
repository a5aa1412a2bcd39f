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
from processors.rewards.reversals import EARNED, due_to, entry_key, further_entry
from processors.rewards.state import Account, AccountPart, Offer, Posting
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
    for profile, part in account.parts.items():
        now, further = _agreeing(part, profile, said)
        if now is not part:
            after = after.with_part(profile, now)
            entries += further
    # What was said comes on several topics, which have no order among each other.
    return after, tuple(Emit(entry, transactional=True) for entry in entries)


def offer_of(event: TouchpointIdentified, entry: RewardPosted, cause: str, terms: int, keeps: bool) -> Offer:
    """What is remembered of an entry, and of one that was not posted. :param cause: what the entry is unique by."""
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
    )


def _said(account: Account) -> list[Consents]:
    return [part.consents for part in account.parts.values() if part.consents.says_something]


def _allowed(said: Sequence[Consents], moments: Moments) -> bool | None:
    """Whether the person agrees as of one of the moments; None where that is not known any more."""
    found = [permission(said, IDENTITY, at, RULES[terms], "") for at, terms in moments]
    if any(one.allowed for one in found):
        return True
    return None if any(one.why is Why.FORGOTTEN for one in found) else False


def _agreeing(part: AccountPart, profile: str, said: Sequence[Consents]) -> tuple[AccountPart, list[RewardPosted]]:
    posted, offers, postings = dict[int, int](), dict[int, Offer](), dict[int, tuple[Posting, ...]]()
    entries = list[RewardPosted]()

    def post(key: int, entry: RewardPosted) -> None:
        posted[key] = entry.points
        entries.append(entry)

    for key, offer in part.offers.items():
        allowed = _allowed(said, offer.moments)
        if allowed is None or allowed is not offer.refused:
            continue
        if offer.over:
            offers[key] = msgspec.structs.replace(offer, refused=not allowed)
            continue
        if allowed and not offer.reversals:
            post(key, first_entry(posting_of(offer, profile), profile, offer.at, offer.points))
            offers[key] = msgspec.structs.replace(offer, refused=False)
            continue
        points = offer.points if allowed else -offer.points
        post(*further_entry(part.posted, profile, posting_of(offer, profile), points, offer.at))
        offers[key] = msgspec.structs.replace(offer, refused=not allowed, reversals=offer.reversals + 1)
    for id, of_sale in part.postings.items():
        if (sale := part.history.sales.get(id)) is None:
            continue
        now = list[Posting]()
        for posting in of_sale:
            allowed = _allowed(said, ((sale.occurred_at, posting.terms),))
            if allowed is None or allowed is not posting.refused:
                now.append(posting)
                continue
            posting = msgspec.structs.replace(posting, refused=not allowed)
            for key, entry in _of_sale(part, profile, posting, sale):
                post(key, entry)
                further = entry.event_id != posting.entry_id
                posting = msgspec.structs.replace(
                    posting, points=posting.points + entry.points, reversals=posting.reversals + further
                )
            now.append(posting)
        if (kept := tuple(now)) != of_sale:
            postings[id] = kept
    if not (offers or postings):
        return part, []
    return msgspec.structs.replace(
        part, posted=part.posted | posted, offers=part.offers | offers, postings=part.postings | postings
    ), entries


def _of_sale(part: AccountPart, profile: str, posting: Posting, sale: Sale) -> Iterable[tuple[int, RewardPosted]]:
    """The entries of a sale whose posting has just been refused or agreed to: the entry itself where it was never
    posted, and what brings it to what the sale is worth after its returns."""
    if not (posting.refused or posting.over or posting.is_posted):
        points = due_to(posting, sale, sale.micros)
        yield entry_key(posting.rule, posting.source_event_id), first_entry(posting, profile, sale.occurred_at, points)
        posting = msgspec.structs.replace(posting, points=points)
    due = due_to(posting, sale, sale.left_micros)
    if due != posting.points:
        yield further_entry(part.posted, profile, posting, due - posting.points, sale.occurred_at)


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
    )
