"""What context remembers of a visitor."""

from collections.abc import Mapping
from typing import Final

import msgspec

from processors import parts
from processors.context.lately import Answered, Position, View, latest_answers, latest_views, position_of
from processors.context.purchases import CATEGORIES_KEPT, NO_HISTORY, BoundedHistory, reconciled_bounded
from processors.experiments.seen import NOTHING_SEEN, Seen
from processors.experiments.seen import joined as joined_seen
from processors.parts import Parts, source_profile_of
from processors.profiling.answers import NOTHING_ANSWERED, Answers, of_person
from processors.purchases import Return, Sale, named_return
from schemas import kinds
from schemas.brand.model import Product
from schemas.consent.choices import NOTHING_SAID, Consents
from schemas.consent.purposes import ANALYTICS, PERSONALISATION
from schemas.consent.statements import consents_after
from schemas.events import ConsentStated, SaleReturned, TouchpointIdentified
from schemas.ids import hash64

VISIT_GAP_US = 30 * 60 * 1_000_000
"""A touch in a store after half an hour without one begins a new visit (the usual session gap of web analytics)."""
BOUGHT_KEPT = 32
VIEWS = frozenset(("page_view", "product_view"))
PERSONAL = frozenset((PERSONALISATION, ANALYTICS))
"""What context keeps of what people say."""
PHYSICAL = kinds.FAMILIES["sensor"] | kinds.FAMILIES["till"]
IN_STORE_PLACEMENTS = frozenset({"store", "zone", "product", "shelf", "screen", "door", "till", "staff_badge"})


class VisitorPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile, or of several as one: ``visits`` counts store visits, the present one included;
    ``last_seen`` (microseconds) and ``store`` are those of the last touch in a store (empty after leaving); ``bought``
    has the last products bought, newest last; ``purchases`` is None before the first sale or return; ``consents``
    is what was said of personalisation and of analytics; ``seen`` the variants of experiments, by phase. ``before`` is
    the last touch of the store visit before the present one, ``seen_by`` the kind of the last touch in a store;
    ``viewed`` has the products viewed online, ``answers`` the answers that may not come again soon, ``position`` the
    last one shared, ``profile`` what was asked and answered."""

    visits: int = 0
    last_seen: int = 0
    store: str = ""
    bought: tuple[str, ...] = ()
    purchases: BoundedHistory | None = None
    consents: Consents = NOTHING_SAID
    seen: dict[int, Seen] = {}
    before: int = 0
    seen_by: str = ""
    viewed: tuple[View, ...] = ()
    answers: tuple[Answered, ...] = ()
    position: Position | None = None
    profile: Answers = NOTHING_ANSWERED

    def joined(self, other: "VisitorPart") -> "VisitorPart":
        """The part of one source profile as two people had it. What both counted is taken for the same visits: a
        source profile may change its person in the middle of a visit, hardly ever twice in one."""
        later, earlier = (self, other) if self.last_seen >= other.last_seen else (other, self)
        purchases = self.purchases or other.purchases
        if self.purchases is not None and other.purchases is not None:
            purchases = self.purchases.joined(other.purchases)
        return VisitorPart(
            max(self.visits, other.visits),
            later.last_seen,
            later.store,
            (*(b for b in earlier.bought if b not in later.bought), *later.bought)[-BOUGHT_KEPT:],
            purchases,
            self.consents.joined(other.consents),
            joined_seen((self.seen, other.seen)) if self.seen or other.seen else NOTHING_SEEN,
            later.before,
            later.seen_by,
            latest_views(self.viewed, other.viewed),
            latest_answers(self.answers, other.answers),
            _later(self.position, other.position),
            self.profile.joined(other.profile),
        )


EMPTY: Final = VisitorPart()


class Visitor(Parts[VisitorPart], frozen=True, array_like=True, gc=False):
    """What each source profile of a person did."""

    @property
    def whole(self) -> VisitorPart:
        """All parts as one: the latest whereabouts, all visits, all products bought. Its ``purchases`` stay None: see
        ``histories``."""
        if len(self.parts) <= 1:
            return next(iter(self.parts.values()), EMPTY)
        in_order = [part for _, part in sorted(self.parts.items(), key=lambda item: (item[1].last_seen, item[0]))]
        bought = dict.fromkeys(product for part in in_order for product in part.bought)
        latest = in_order[-1]
        ends = (latest.before, *(part.last_seen for part in in_order[:-1]))
        return VisitorPart(
            sum(part.visits for part in in_order),
            latest.last_seen,
            latest.store,
            tuple(bought),
            before=max((end for end in ends if end < latest.last_seen - VISIT_GAP_US), default=0),
            seen_by=latest.seen_by,
            viewed=latest_views(*(part.viewed for part in in_order)),
            answers=latest_answers(*(part.answers for part in in_order)),
            position=_later(*(part.position for part in in_order)),
        )

    @property
    def size(self) -> int:
        """Visits, products, sales, returns, choices, variants seen, views, answers, and answers to questions."""
        histories = self.histories.values()
        trades = sum(len(one.recent.sales) + len(one.recent.returns) + one.older.count for one in histories)
        return trades + sum(
            part.visits
            + len(part.bought)
            + part.consents.size
            + len(part.seen)
            + len(part.viewed)
            + len(part.answers)
            + part.profile.size
            for part in self.parts.values()
        )

    @property
    def histories(self) -> dict[str, BoundedHistory]:
        """The purchase history of each source profile that has one."""
        return {profile: part.purchases for profile, part in self.parts.items() if part.purchases is not None}

    def reconciled(self) -> "Visitor":
        """The visitor once the returns are booked on the sales that are known."""
        histories = self.histories
        return self.with_histories(reconciled_bounded(histories)) if histories else self

    def with_money(self, event: TouchpointIdentified, products: Mapping[str, Product]) -> "Visitor":
        """The visitor once a sale or a return is in the purchase history."""
        profile, id = source_profile_of(event), hash64(event.event_id)
        mine = self.parts.get(profile, EMPTY).purchases or NO_HISTORY
        paid = event.currency, event.amount_micros or 0
        if event.type == kinds.SALE:
            known = (products.get(line.sku) for line in event.lines)
            found = {product.category for product in (*known, products.get(event.product)) if product is not None}
            categories = tuple(sorted(found - {""}))[:CATEGORIES_KEPT]
            mine = mine.with_sale(id, Sale(event.occurred_at, *paid, categories))
        elif not event.related_event_id:
            mine = mine.with_return(id, Return(event.occurred_at, *paid))
        else:
            return self
        return self.with_histories({profile: mine}).reconciled()

    def with_named_return(self, event: SaleReturned) -> "Visitor":
        """The visitor once a return of one of their sales is in the purchase history, whoever brought it."""
        profile, id = event.source_profile_id, hash64(event.return_event_id)
        mine = self.parts.get(profile, EMPTY).purchases or NO_HISTORY
        return self.with_histories({profile: mine.with_return(id, named_return(event))}).reconciled()

    def with_histories(self, histories: Mapping[str, BoundedHistory]) -> "Visitor":
        """The visitor with these purchase histories of its source profiles."""
        changed = {
            profile: msgspec.structs.replace(self.parts.get(profile, EMPTY), purchases=history)
            for profile, history in histories.items()
        }
        return Visitor(self.parts | changed)

    @property
    def seen(self) -> Mapping[int, Seen]:
        """The variants that all parts saw, as one: of a phase the one seen first."""
        several = [part.seen for part in self.parts.values() if part.seen]
        return several[0] if len(several) == 1 else joined_seen(several)

    @property
    def profile(self) -> Answers:
        """What the person was asked and answered."""
        return of_person(part.profile for part in self.parts.values())

    def with_profile(self, event: TouchpointIdentified) -> "Visitor":
        """The visitor once what the event answers is known."""
        source = source_profile_of(event)
        mine = self.parts.get(source, EMPTY)
        after = mine.profile.with_answer(event)
        return self if after is mine.profile else self.with_part(source, msgspec.structs.replace(mine, profile=after))

    def with_asked(self, source: str, question: str, at: int) -> "Visitor":
        """The visitor once the source profile was asked a question."""
        mine = self.parts.get(source, EMPTY)
        return self.with_part(source, msgspec.structs.replace(mine, profile=mine.profile.with_asked(question, at)))

    def with_answer(self, profile: str, answer: Answered) -> "Visitor":
        """The visitor once the source profile got an answer that may not come again soon."""
        mine = self.parts.get(profile, EMPTY)
        answers = latest_answers(mine.answers, (answer,))
        return (
            self if answers == mine.answers else self.with_part(profile, msgspec.structs.replace(mine, answers=answers))
        )

    def with_seen(self, profile: str, shown: Mapping[int, Seen]) -> "Visitor":
        """The visitor once the source profile was shown these variants."""
        mine = self.parts.get(profile, EMPTY)
        seen = joined_seen((mine.seen, shown))
        return self if seen == mine.seen else self.with_part(profile, msgspec.structs.replace(mine, seen=seen))

    @property
    def said(self) -> list[Consents]:
        """What was said of personalisation, by each source profile that said anything."""
        consents = [part.consents for part in self.parts.values()]
        return [one for one in consents if one.choices or one.gpc_at is not None]

    def with_word(self, event: TouchpointIdentified | ConsentStated) -> "Visitor":
        """The visitor once what the event says of personalisation is known. For events that may say anything."""
        profile = source_profile_of(event)
        mine = self.parts.get(profile, EMPTY)
        consents = consents_after(mine.consents, event, PERSONAL)
        if consents is mine.consents:
            return self
        return self.with_part(profile, msgspec.structs.replace(mine, consents=consents))

    def after(self, event: TouchpointIdentified) -> "Visitor":
        """The visitor once the event has happened, money apart (``with_money``). A late event adds what was bought and
        does not change where the visitor is."""
        profile = source_profile_of(event)
        mine = self.parts.get(profile, EMPTY)
        bought = mine.bought
        if event.type == kinds.SALE:
            skus = [line.sku for line in event.lines] or [event.product]
            bought = tuple(dict.fromkeys((*(b for b in bought if b not in skus), *(s for s in skus if s))))[
                -BOUGHT_KEPT:
            ]
        position = _later(mine.position, position_of(event))
        if not is_in_store(event) or event.occurred_at < mine.last_seen:
            viewed = latest_views(mine.viewed, ((event.occurred_at, event.product),)) if is_view(event) else mine.viewed
            if bought == mine.bought and viewed == mine.viewed and position == mine.position:
                return self
            after = msgspec.structs.replace(mine, bought=bought, viewed=viewed, position=position)
            return self.with_part(profile, after)
        now = self.whole
        left, since = event.type == "store_exit", event.occurred_at - now.last_seen
        begins = not left and since >= 0 and (event.store != now.store or since > VISIT_GAP_US)
        after = VisitorPart(
            mine.visits + begins,
            event.occurred_at,
            "" if left else event.store,
            bought,
            mine.purchases,
            mine.consents,
            mine.seen,
            now.last_seen if begins else mine.before,
            event.type,
            mine.viewed,
            mine.answers,
            position,
            mine.profile,
        )
        return self.with_part(profile, after)


def without_seen(visitor: Visitor) -> Visitor:
    """The visitor without what was shown of experiments and asked: the configuration of that time decided it, and which
    of a person's source profiles came first."""
    parts = {
        profile: msgspec.structs.replace(part, seen={}, profile=Answers(part.profile.given))
        for profile, part in visitor.parts.items()
    }
    return Visitor({profile: part for profile, part in parts.items() if part != EMPTY})


def split(visitor: Visitor, profile: str) -> tuple[Visitor | None, Visitor | None]:
    """What stays and what goes when a source profile leaves: each keeps only what is booked among its own."""
    stays, leaves = parts.split(visitor, profile)
    if stays is None or leaves is None or not (gone := leaves.histories):
        return stays, leaves
    kept, [(_, left)] = stays.histories, gone.items()
    for other in kept.values():
        left = left.without_bookings_on(other)
    remaining = {one: history.without_bookings_on(gone[profile]) for one, history in kept.items()}
    return stays.with_histories(remaining), leaves.with_histories({profile: left})


def _later(*positions: Position | None) -> Position | None:
    return max((one for one in positions if one is not None), default=None)


def is_view(event: TouchpointIdentified) -> bool:
    """Whether somebody looked at a product online."""
    return bool(event.product) and event.type in VIEWS


def is_in_store(event: TouchpointIdentified) -> bool:
    """Whether the event shows its person inside a store. The tag of a poster or a receipt names a store as well, but is
    somewhere else."""
    return (
        bool(event.store) and event.type in PHYSICAL and (not event.placement or event.placement in IN_STORE_PLACEMENTS)
    )
