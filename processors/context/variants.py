"""Experiments within a decision: the visitor's variants become part of the situation; what was shown is remembered and
published."""

import msgspec

from processors.context.answer import Answer
from processors.context.decide import unmet
from processors.context.situation import Situation
from processors.context.state import Visitor
from processors.experiments.assignment import assigned
from processors.experiments.exposure import exposures, shown
from processors.experiments.participation import excluded, plans
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import Emit, Step
from schemas.brand.model import Tag
from schemas.consent.permission import Permission
from schemas.events import TouchpointIdentified


def with_variants(
    situation: Situation,
    visitor: Visitor,
    event: TouchpointIdentified,
    tag: Tag,
    reference: Reference,
    permission: Permission | None,
) -> Situation:
    """The situation with the visitor's assignments; the same where no route depends on an experiment.

    :param permission: of personalisation; None where nothing is said of it.
    """
    drawn = plans(reference)
    if not drawn:
        return situation
    out = excluded(event, tag, reference, situation.held_out is True, permission)
    assignments = assigned(
        drawn, event.person_id, event.occurred_at, visitor.seen, out, lambda when: unmet(when, situation)
    )
    return msgspec.structs.replace(situation, experiments=assignments)


def answered(
    visitor: Visitor,
    event: TouchpointIdentified,
    situation: Situation,
    answer: Answer,
    routed: Emit,
    reference: Reference,
) -> Step[Visitor]:
    """What follows from an answer. Without a gateway that waits for it nothing is shown to anybody."""
    assignments = situation.experiments
    if not answer.depends_on or isinstance(assignments, msgspec.UnsetType) or event.reply_partition is None:
        return Step(visitor, (routed,))
    profile, drawn = source_profile_of(event), plans(reference)
    on = [one for one in assignments if one.id in answer.depends_on]
    counted_only = situation.counted_only is True
    exposed = exposures(event, profile, on, drawn, answer.route, reference.brand.version, counted_only)
    return Step(visitor.with_seen(profile, shown(on, event.occurred_at, drawn)), (routed, *map(Emit, exposed)))
