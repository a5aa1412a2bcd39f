"""Context: reads touchpoint-identified, writes scan-routed, keyed by person id.

Every scan and tap of a tag gets one answer, explained, on the partition that its gateway waits on.
"""

from typing import Any
from urllib.parse import quote

import msgspec

from processors.context.decide import FALLBACK, decide
from processors.context.history import Asked, asked_by, history_of
from processors.context.holdout import is_held_out
from processors.context.situation import Situation, gather
from processors.context.state import Visitor
from processors.step import Drop, Effect, Emit, Processor, Step
from processors.world import World
from schemas import kinds
from schemas.brand.model import Action, Tag
from schemas.events import ScanRouted, TouchpointIdentified
from schemas.ids import derived
from schemas.topics import IDENTITY_CHANGED, STATE_MOVED, TOUCHPOINT_IDENTIFIED

MOMENT_WITHOUT_ROUTE = "know"
CASES_KEPT = 10_000
"""Answers kept at hand: the tags of a brand, each with the few things that change there."""
ASKED = "asked"
"""Where the memo has what the brand's routes ask about purchases."""
NO_TAG = Drop("no_tag")
UNKNOWN_TAG = Drop("unknown_tag")


def step(visitor: Visitor | None, event: TouchpointIdentified, world: World) -> Step[Visitor]:
    """Remembers where the visitor is and what they bought; answers when it was a scan or tap."""
    if event.type == kinds.PROBE:
        return Step(None, (_probed(event, world),))
    after = (visitor or Visitor()).after(event)
    if event.type in kinds.MONEY:
        return Step(after.trading(event, world.brand.products))
    if event.type not in (kinds.SCAN, kinds.NFC_TAP):
        return Step(after)
    if not event.tag:
        return Step(after, (NO_TAG,))
    tag = world.brand.tags.get(event.tag)
    if tag is None:
        return Step(after, (UNKNOWN_TAG,))
    return Step(after, (_answer(after, event, tag, world),))


def merge(winner: Visitor | None, loser: Visitor) -> Step[Visitor]:
    """One visitor of two: the parts of both, and one of those that both have. A return that waited in one of them for a
    sale in the other finds it."""
    if winner is None:
        return Step(loser)
    parts = winner.parts | loser.parts
    both = {own: winner.parts[own].joined(loser.parts[own]) for own in winner.parts if own in loser.parts}
    return Step(Visitor(parts | both).settled())


def split(visitor: Visitor, own: str) -> tuple[Visitor | None, Visitor | None]:
    """What the others did, and what the own person did."""
    if own not in visitor.parts:
        return visitor, None
    others = {who: part for who, part in visitor.parts.items() if who != own}
    return Visitor(others) if others else None, Visitor({own: visitor.parts[own]})


def erase(visitor: Visitor) -> tuple[Effect, ...]:
    """Nothing is owed to anyone when a visitor is forgotten."""
    return ()


def _answer(visitor: Visitor, event: TouchpointIdentified, tag: Tag, world: World) -> Emit:
    asked, holdout = _asked(world), world.brand.about.holdout
    held_out = is_held_out(event.person_id, holdout) if holdout.share else msgspec.UNSET
    if asked is None:
        situation = gather(visitor.whole, event, tag, world, held_out=held_out)
        apart = situation.history
    else:
        history = history_of(visitor.books.values(), event.occurred_at, world.brand.about.currency)
        situation = gather(visitor.whole, event, tag, world, history, held_out)
        apart = asked.told_apart(history)
    # All that an answer hangs on; on the time of day only through the opening hours.
    case = msgspec.structs.replace(situation, local_time=None, history=apart), event.campaign
    answer = world.memo.get(case)
    if answer is None:
        if len(world.memo) >= CASES_KEPT:
            world.memo.clear()
        answer = world.memo[case] = _worked_out(situation, event, tag, world)
    return _routed(event, world, inputs=msgspec.json.encode(situation).decode(), **answer)


def _asked(world: World) -> Asked | None:
    if ASKED not in world.memo:
        world.memo[ASKED] = asked_by(world.brand.routes)
    asked: Asked | None = world.memo[ASKED]
    return asked


def _worked_out(situation: Situation, event: TouchpointIdentified, tag: Tag, world: World) -> dict[str, Any]:
    decision = decide(world.brand.routes, situation)
    route = decision.winner
    action = route.action if route is not None else Action(url=world.brand.fallback_of(tag))
    words = _words(situation, event, world)
    return {
        "moment": route.moment if route is not None else MOMENT_WITHOUT_ROUTE,
        "route": route.id if route is not None else FALLBACK,
        "action": action.kind,
        "destination": action.url.format_map({name: quote(word, safe="") for name, word in words.items()}),
        "title": action.title.format_map(words),
        "text": action.text.format_map(words),
        "label": action.label.format_map(words),
        "candidates": decision.candidates,
    }


def _probed(event: TouchpointIdentified, world: World) -> Emit:
    return _routed(
        event,
        world,
        moment=MOMENT_WITHOUT_ROUTE,
        route=kinds.PROBE,
        action="redirect",
        destination="",
        candidates=(),
        inputs="{}",
    )


def _routed(event: TouchpointIdentified, world: World, **answer: Any) -> Emit:
    routed = ScanRouted(
        event_id=derived("route", event.event_id),
        occurred_at=event.occurred_at,
        scan_event_id=event.event_id,
        person_id=event.person_id,
        tag=event.tag,
        store=event.store,
        brand_version=world.brand.version,
        reply_partition=event.reply_partition,
        **answer,
    )
    return Emit(routed, partition=event.reply_partition)


def _words(situation: Situation, event: TouchpointIdentified, world: World) -> dict[str, str]:
    """What the placeholders of an action stand for; empty where nothing is known."""
    store = world.brand.stores.get(event.store)
    product = world.brand.products.get(event.product)
    return {
        "tag": event.tag,
        "store": event.store,
        "store_name": store.name if store else "",
        "product": event.product,
        "product_name": product.name if product else "",
        "campaign": event.campaign,
        "stock": "" if situation.stock is None else str(situation.stock),
    }


PROCESSOR = Processor(
    name="context",
    sources=(TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED),
    state=Visitor,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=split,
)
