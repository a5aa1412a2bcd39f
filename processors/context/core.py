"""Context: reads touchpoint-identified, writes scan-routed and experiment-exposed, keyed by person id.

Every scan and tap of a tag gets one answer, with its explanation, on the partition that its gateway reads. The history
of a visitor counts where they allow personalisation at the time of the scan; otherwise place, time and stock alone do.
"""

from typing import Any

import msgspec

from processors.consents import counts_only, permitted
from processors.context.answer import MOMENT_WITHOUT_ROUTE, Answer, answer_key, cached_answer
from processors.context.asked import Asked, asked_of
from processors.context.content import page_content
from processors.context.history import History, history_of
from processors.context.holdout import is_held_out
from processors.context.inputs.scene import Scene
from processors.context.lately import Answered
from processors.context.questions import asked_of_situation, with_questions
from processors.context.situation import Situation, gather
from processors.context.state import Visitor, split, without_seen
from processors.context.timing import zone_of
from processors.context.variants import answered, with_variants
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas import kinds
from schemas.brand.model import Tag
from schemas.consent.purposes import PERSONALISATION
from schemas.consent.statements import may_say
from schemas.content import EMPTY
from schemas.events import ConsentStated, SaleReturned, ScanRouted, TouchpointIdentified
from schemas.ids import derived, hash64
from schemas.reasons import DropReason
from schemas.surveys.answers import ANSWERED
from schemas.topics import (
    BRAND_CONFIGURED,
    CAPACITY_REPORTED,
    CONSENT_STATED,
    EXPERIMENT_EXPOSED,
    IDENTITY_CHANGED,
    PROFILE_ERASED,
    SALE_RETURNED,
    SCAN_ROUTED,
    STATE_MOVED,
    STOCK_REPORTED,
    TOUCHPOINT_IDENTIFIED,
)

ASKED = "asked"
"""Key of what the brand's routes ask of a scan, in ``Reference.memo``."""
NO_TAG = Drop(DropReason.NO_TAG)
UNKNOWN_TAG = Drop(DropReason.UNKNOWN_TAG)
PROBED = Answer(
    moment=MOMENT_WITHOUT_ROUTE,
    route=kinds.PROBE,
    action="redirect",
    destination="",
    title="",
    text="",
    label="",
    candidates=(),
)
"""The answer to a gateway's probe."""


def step(
    visitor: Visitor | None, event: TouchpointIdentified | SaleReturned | ConsentStated, reference: Reference
) -> Step[Visitor]:
    """Remembers where the visitor is and what they bought; answers a scan or tap. A return that names a sale comes
    again as a SaleReturned, to the person whose sale it is."""
    if isinstance(event, SaleReturned):
        return Step((visitor or Visitor()).with_named_return(event))
    if isinstance(event, ConsentStated):
        before = visitor or Visitor()
        after = before.with_word(event)
        return Step(visitor if after is before else after)
    if event.type == kinds.PROBE:
        return Step(None, (_routed(event, reference, PROBED, None),))
    if not event.person_id:
        return Step(visitor)
    after = (visitor or Visitor()).after(event)
    if may_say(event):
        after = after.with_word(event)
    if event.type in ANSWERED:
        return Step(after.with_profile(event))
    if event.type in kinds.MONEY:
        return Step(after.with_money(event, reference.brand.products))
    if event.type not in (kinds.SCAN, kinds.NFC_TAP):
        return Step(after)
    if not event.tag:
        return Step(after, (NO_TAG,))
    tag = reference.brand.tags.get(event.tag)
    if tag is None:
        return Step(after, (UNKNOWN_TAG,))
    return _decided(after, event, tag, reference)


def merge(winner: Visitor | None, loser: Visitor) -> Step[Visitor]:
    """The parts of both; a return of one may be booked on a sale of the other."""
    return Step((winner.joined(loser) if winner is not None else loser).reconciled())


def erase(visitor: Visitor) -> tuple[Effect, ...]:
    """Erasing a visitor has no effects."""
    return ()


def _decided(after: Visitor, event: TouchpointIdentified, tag: Tag, reference: Reference) -> Step[Visitor]:
    visitor = after
    asked, holdout = _asked(reference), reference.brand.about.holdout
    held_out = is_held_out(event.person_id, holdout) if holdout.share else msgspec.UNSET
    said = visitor.said
    permission = permitted(said, PERSONALISATION, event, reference)
    consent: str | msgspec.UnsetType = msgspec.UNSET
    if permission is not None:
        consent = permission.why.value
        if not permission.allowed:
            # Place, time and stock: whoever comes for the first time.
            visitor = Visitor().after(event)
    counted_only = True if counts_only(said, event, reference) else msgspec.UNSET
    history: History | msgspec.UnsetType = msgspec.UNSET
    if asked.history is not None:
        history = history_of(visitor.histories.values(), event.occurred_at, reference.brand.about.currency)
    whole = visitor.whole
    situation = gather(whole, event, tag, reference, history, held_out, consent, counted_only)
    faults, values = tuple[str, ...](), dict[str, Any]()
    if asked.reader is not None:
        values = asked.reader.values(Scene(visitor, whole, event, situation, reference))
        situation = msgspec.structs.replace(situation, inputs=values)
    if asked.conditions is not None:
        faults = asked.conditions.faults(values)
    situation = with_variants(situation, values, after, event, tag, reference, permission, asked.audiences)
    if asked.history is not None and isinstance(history, History):
        history = asked.history.representative(history)
    timing = asked.timing
    if timing.has_schedules:
        situation = msgspec.structs.replace(situation, at=event.occurred_at)
    if timing.limited:
        situation = msgspec.structs.replace(situation, answered_lately=timing.answered_lately(whole.answers, event))
    lost = timing.lost(situation.at, zone_of(event.store, reference.brand), situation.answered_lately)
    answer = cached_answer(answer_key(situation, history, event.campaign, faults, lost), reference)
    if answer.route in timing.limited and (permission is None or permission.allowed):
        given = Answered(event.occurred_at, timing.limited[answer.route][0], hash64(event.event_id))
        after = after.with_answer(source_profile_of(event), given)
    if reference.brand.surveys and answer.action == "page":
        situation = with_questions(situation, values, after, event, tag, reference, said, asked.questions)
        if (question := asked_of_situation(situation)) is not None and event.reply_partition is not None:
            after = after.with_asked(source_profile_of(event), question.question, event.occurred_at)
    return answered(after, event, situation, answer, _routed(event, reference, answer, situation), reference)


def _asked(reference: Reference) -> Asked:
    found: Asked | None = reference.memo.get(ASKED)
    if found is None:
        found = reference.memo[ASKED] = asked_of(reference.brand)
    return found


def _routed(event: TouchpointIdentified, reference: Reference, answer: Answer, situation: Situation | None) -> Emit:
    routed = ScanRouted(
        event_id=derived("route", event.event_id),
        occurred_at=event.occurred_at,
        scan_event_id=event.event_id,
        person_id=event.person_id,
        tag=event.tag,
        store=event.store,
        moment=answer.moment,
        route=answer.route,
        action=answer.action,
        destination=answer.destination,
        title=answer.title,
        text=answer.text,
        label=answer.label,
        brand_version=reference.brand.version,
        reply_partition=event.reply_partition,
        candidates=answer.candidates,
        inputs=EMPTY if situation is None else msgspec.json.encode(situation).decode(),
        content=EMPTY if situation is None else page_content(answer, situation, event.occurred_at, reference),
    )
    return Emit(routed, partition=event.reply_partition)


PROCESSOR = Processor(
    name="context",
    sources=(TOUCHPOINT_IDENTIFIED, SALE_RETURNED, CONSENT_STATED, IDENTITY_CHANGED, STATE_MOVED, PROFILE_ERASED),
    emits=(SCAN_ROUTED, EXPERIMENT_EXPOSED),
    state=Visitor,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=split,
    size=lambda visitor: visitor.size,
    canonical=without_seen,
    reference=(BRAND_CONFIGURED, STOCK_REPORTED, CAPACITY_REPORTED),
)
