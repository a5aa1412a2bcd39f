"""Validation: the JSON of one event into the event to publish, or the first reason why it is rejected.

Precedence of errors: only the first one is reported, and the steps below run in the order in which they are listed.

1. parse: size, JSON, and the types of all fields (gateway/events_api/parse.py);
2. ``ENVELOPE``: kind, scope of the key, event id, time, nesting of the properties, names;
3. the steps of the event's kind in ``RULES``, or ``TOUCHPOINT`` for a kind that has no entry.

To add a kind whose fields are its own: one entry in ``RULES``, with its steps in gateway/events_api/steps.

Everything here is pure: time, brand and sender are arguments.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.brand.live import BrandView
from gateway.events_api.content import content_of
from gateway.events_api.draft import Draft, Sender, build_draft
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse import parse_event
from gateway.events_api.steps import answers, consent, envelope, money, people, points, reports
from gateway.events_api.steps.properties import properties, traits
from schemas import kinds
from schemas.events import CapacityReported, CostReported, StockReported, TouchpointReceived, TouchpointRecorded
from schemas.identifiers.named import Named
from schemas.identifiers.types import is_blocked
from schemas.reasons import RejectReason
from schemas.rejects import raised_by
from schemas.surveys.answers import ANSWERED

Step = Callable[[Draft], None]
Validated = TouchpointRecorded | StockReported | CapacityReported | CostReported
"""A touchpoint with an id of its sender is a TouchpointReceived, which goes through intake."""


class Accepted(NamedTuple):
    """An event, and a warning for each of its identifiers that could not be used: the field, and why. ``content`` is
    the keyed hash of what the sender stated; empty for an event without an id of its sender, and for capacity and
    costs, of which the latest statement counts whatever its id. ``named``: see :class:`Draft`, without those that are
    not the event's."""

    event: Validated
    warnings: tuple[str, ...] = ()
    content: str = ""
    named: tuple[Named, ...] = ()


class Rules(NamedTuple):
    """The steps of an event kind in their order, and the event that is built from the fields they fill in."""

    event: type[Validated]
    steps: tuple[Step, ...]


ENVELOPE: tuple[Step, ...] = (
    envelope.kind_is_known,
    envelope.sender_may_send_kind,
    envelope.event_id,
    envelope.occurred_at,
    envelope.properties_are_shallow,
    envelope.names,
)
PERSON = (people.kind_and_place, people.identifiers, people.some_identifier_is_real)
RECEIPT = (people.kind_and_place, people.somebody_or_nobody, traits)
MONEY = (money.amount, money.currency, money.lines, money.beside_the_lines)
TWO_IDENTIFIERS = (
    people.kind_and_place,
    people.identifiers,
    people.every_identifier_is_real,
    people.two_identifiers,
)

TOUCHPOINT = Rules(TouchpointRecorded, (*PERSON, traits, properties))
STATEMENT = Rules(TouchpointRecorded, (*TWO_IDENTIFIERS, traits, properties))
POINTS = Rules(TouchpointRecorded, (*PERSON, traits, points.points))
CONSENT = Rules(TouchpointRecorded, (*PERSON, consent.statement, properties))
ANSWER = Rules(TouchpointRecorded, (*PERSON, answers.answer, traits, properties))
RULES: Mapping[str, Rules] = {
    kinds.SALE: Rules(TouchpointRecorded, (*RECEIPT, *MONEY, properties)),
    kinds.RETURN: Rules(TouchpointRecorded, (*RECEIPT, *MONEY, money.returned_sale, properties)),
    kinds.ORDER_PLACED: Rules(TouchpointRecorded, (*PERSON, money.no_amount, traits, properties)),
    kinds.LINKED: STATEMENT,
    kinds.UNLINKED: STATEMENT,
    kinds.POINTS_SPENT: POINTS,
    kinds.POINTS_RETURNED: POINTS,
    kinds.POINTS_ADJUSTED: POINTS,
    kinds.POINTS_TRANSFERRED: POINTS,
    kinds.CONSENT_GIVEN: CONSENT,
    kinds.CONSENT_WITHDRAWN: CONSENT,
    **dict.fromkeys(ANSWERED, ANSWER),
    kinds.STOCK_REPORTED: Rules(StockReported, (reports.stock_store, reports.stock)),
    kinds.CAPACITY_REPORTED: Rules(CapacityReported, (reports.stock_store, reports.capacity)),
    kinds.COST_REPORTED: Rules(CostReported, (reports.cost_place, reports.cost)),
}


def validate(raw: bytes, sender: Sender, brand_view: BrandView, now: int) -> Accepted:
    """The event to publish, without any raw identifier, and what of it was left out.

    :param now: time of receipt in microseconds.
    :raises ValidationError: the first error found: its field and reason. An exception of a step is one, too: an event
        that nobody thought of must not take the others of its batch with it.
    """
    try:
        return _validate(raw, sender, brand_view, now)
    except ValidationError:
        raise
    except Exception as error:
        raise ValidationError("", raised_by(error), RejectReason.EXCEPTION) from error


def _validate(raw: bytes, sender: Sender, brand_view: BrandView, now: int) -> Accepted:
    draft = build_draft(parse_event(raw), sender, brand_view, now)
    for step in ENVELOPE:
        step(draft)
    rules = RULES.get(draft.input.type, TOUCHPOINT)
    for step in rules.steps:
        step(draft)
    warnings = tuple(map(str, draft.unusable))
    named = _named(draft) if draft.named else ()
    if draft.input.event_id is None or rules.event in (CapacityReported, CostReported):
        return Accepted(rules.event(**draft.fields), warnings, named=named)
    content = content_of(draft)
    if rules.event is TouchpointRecorded:
        return Accepted(TouchpointReceived(**draft.fields, content=content), warnings, content, named)
    return Accepted(rules.event(**draft.fields), warnings, content, named)


def _named(draft: Draft) -> tuple[Named, ...]:
    identifiers = draft.fields["identifiers"]
    return tuple(one for one in draft.named if one.identifier in identifiers and not is_blocked(one.identifier))
