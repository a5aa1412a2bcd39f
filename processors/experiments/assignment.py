"""Which variant of each experiment a person has at a scan, and why; or why none.

Assigning is a pure function and enrols nobody: only what is shown is remembered (``exposure.py``). The order of reasons
is the order in which they are asked.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import msgspec

from processors.experiments.seen import SeenByPhase, phase_key
from schemas.brand.experiments import Experiment
from schemas.brand.model import Brand
from schemas.brand.routes import When
from schemas.events import Arm
from schemas.experiments.bucketing import Range, bucket_of, bucket_ranges, chosen, is_in_layer

MAX_WHY_CHARS: Final = 200


class Why(StrEnum):
    """What decided. The values stand in tables and never change."""

    DRAWN = "drawn"
    """By the hash of salt and person."""
    KEPT = "kept"
    """The variant of this phase that one of the person's source profiles saw first."""
    HELD_OUT = "held_out"
    STAFF = "staff"
    NO_CONSENT = "no_consent"
    """The person does not allow personalisation."""
    NOT_STARTED = "not_started"
    ENDED = "ended"
    NOT_IN_LAYER = "not_in_layer"
    """The person is in another part of the layer."""
    NOT_IN_AUDIENCE = "not_in_audience"
    NOT_COVERED = "not_covered"
    """The person is beyond the share that takes part."""


class Assignment(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``variant`` is empty where ``why`` says why there is none; ``unmet`` then is the condition of the audience that
    does not hold. ``both`` is set where the person's source profiles saw different variants of this phase."""

    id: str
    phase: str
    why: str
    variant: str = ""
    unmet: str = ""
    both: bool = False


def drawn_only(assignments: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    """What an answer depends on: the variants, without phases and reasons."""
    return tuple(Assignment(one.id, "", "", one.variant) for one in assignments if one.variant)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """An experiment with what its draw needs, worked out once a brand version."""

    id: str
    phase: str
    key: int
    seed: str
    variants: tuple[str, ...]
    ranges: tuple[Range, ...]
    layer: str
    share: Range
    starts: int | None
    ends: int | None
    audience: When
    expression: str
    arms: tuple[Arm, ...]


def plans_of(brand: Brand) -> tuple[Plan, ...]:
    """The experiments on which some route depends, sorted by id."""
    named = {id for route in brand.routes for id in route.when.experiment}
    return tuple(_plan(brand.experiments[id]) for id in sorted(named & brand.experiments.keys()))


def _plan(experiment: Experiment) -> Plan:
    starts, ends = experiment.period
    layer, phase = experiment.layer, experiment.phase_id
    variants = tuple(variant.id for variant in experiment.variants)
    weights = experiment.weights
    return Plan(
        id=experiment.id,
        phase=phase,
        key=phase_key(experiment.id, phase),
        seed=experiment.seed,
        variants=variants,
        ranges=bucket_ranges(len(variants), experiment.coverage, weights),
        layer=layer.id if layer else "",
        share=(layer.begins, layer.ends) if layer else (0.0, 1.0),
        starts=starts,
        ends=ends,
        audience=experiment.audience,
        expression=experiment.expression,
        arms=tuple(Arm(variant, weight) for variant, weight in zip(variants, weights, strict=True)),
    )


def assigned(
    plans: Iterable[Plan],
    person_id: str,
    at: int,
    seen: SeenByPhase,
    excluded: Why | None,
    unmet: Callable[[Plan], str],
) -> tuple[Assignment, ...]:
    """The assignment of each experiment, in the order of ``plans``.

    :param at: time of the scan in microseconds. :param seen: what the person's source profiles saw, as one.
    :param excluded: why the person takes part in nothing; None: they may. :param unmet: says which condition of an
    experiment's audience does not hold; empty: all hold.
    """
    return tuple(_assigned(plan, person_id, at, seen, excluded, unmet) for plan in plans)


def _assigned(
    plan: Plan, person_id: str, at: int, seen: SeenByPhase, excluded: Why | None, unmet: Callable[[Plan], str]
) -> Assignment:
    if excluded is not None:
        return Assignment(plan.id, plan.phase, excluded.value)
    if plan.starts is not None and at < plan.starts:
        return Assignment(plan.id, plan.phase, Why.NOT_STARTED.value)
    if plan.ends is not None and at >= plan.ends:
        return Assignment(plan.id, plan.phase, Why.ENDED.value)
    kept = seen.get(plan.key)
    if kept is not None and kept.variant in plan.variants:
        return Assignment(plan.id, plan.phase, Why.KEPT.value, kept.variant, both=kept.both)
    if plan.layer and not is_in_layer(person_id, plan.layer, plan.share):
        return Assignment(plan.id, plan.phase, Why.NOT_IN_LAYER.value)
    if lost_because := unmet(plan):
        return Assignment(plan.id, plan.phase, Why.NOT_IN_AUDIENCE.value, unmet=lost_because[:MAX_WHY_CHARS])
    bucket = bucket_of(plan.seed, person_id)
    number = -1 if bucket is None else chosen(bucket, plan.ranges)
    if number < 0:
        return Assignment(plan.id, plan.phase, Why.NOT_COVERED.value)
    return Assignment(plan.id, plan.phase, Why.DRAWN.value, plan.variants[number])
