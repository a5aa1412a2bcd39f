"""Experiments within a decision: the visitor's variants become part of the situation; what was shown is remembered and
published."""

from collections.abc import Mapping
from typing import Any

import msgspec

from processors.context.answer import Answer
from processors.context.conditions import Conditions
from processors.context.decide import unmet
from processors.context.situation import Situation
from processors.context.state import Visitor
from processors.experiments.assignment import Assignment, Plan, assigned
from processors.experiments.exposure import shown
from processors.experiments.participation import excluded, plans
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import Emit, Step
from schemas.brand.model import Tag
from schemas.consent.permission import Permission
from schemas.events import ExperimentExposed, TouchpointIdentified
from schemas.ids import derived


def with_variants(
    situation: Situation,
    values: Mapping[str, Any],
    visitor: Visitor,
    event: TouchpointIdentified,
    tag: Tag,
    reference: Reference,
    permission: Permission | None,
    audiences: Conditions | None,
) -> Situation:
    """The situation with the visitor's assignments; the same where no route depends on an experiment.

    :param values: of the inputs that expressions read. :param permission: of personalisation; None where nothing is
    said of it. :param audiences: the expressions of experiments; None where they have none.
    """
    drawn = plans(reference)
    if not drawn:
        return situation
    out = excluded(event, tag, reference, situation.held_out is True, permission)
    faults = {} if audiences is None else dict(zip(audiences.texts, audiences.faults(values), strict=True))

    def lacks(plan: Plan) -> str:
        return unmet(plan.audience, situation) or faults.get(plan.expression, "")

    assignments = assigned(drawn, event.person_id, event.occurred_at, visitor.seen, out, lacks)
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
    drawn, profile = {plan.id: plan for plan in plans(reference)}, source_profile_of(event)
    on = [one for one in assignments if one.id in answer.depends_on]
    counted_only = situation.counted_only is True
    exposed = [
        Emit(_exposed(event, profile, one, drawn[one.id], answer.route, reference.brand.version, counted_only))
        for one in on
    ]
    return Step(visitor.with_seen(profile, shown(on, event.occurred_at, drawn)), (routed, *exposed))


def _exposed(
    event: TouchpointIdentified,
    profile: str,
    assignment: Assignment,
    plan: Plan,
    route: str,
    brand_version: str,
    counted_only: bool,
) -> ExperimentExposed:
    return ExperimentExposed(
        event_id=derived("exposed", profile, plan.id, plan.phase, event.event_id),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        source_profile_id=profile,
        experiment=plan.id,
        phase=plan.phase,
        variant=assignment.variant,
        why=assignment.why,
        arms=plan.arms,
        scan_event_id=event.event_id,
        route=route,
        tag=event.tag,
        store=event.store,
        brand_version=brand_version,
        analytics="refused" if counted_only else "",
    )
