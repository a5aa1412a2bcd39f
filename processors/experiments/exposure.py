"""What of an assignment was shown: an answer depends on an experiment when with another of its variants another route
would have answered.

That is so for all variants alike, the control as well, and no variant makes it likelier than another: so the people
exposed are comparable.
"""

from collections.abc import Iterable, Mapping, Sequence

from processors.experiments.assignment import Assignment, Plan
from processors.experiments.seen import Seen
from schemas.brand.experiments import Experiment
from schemas.brand.routes import Route, When


def unmet_variant(when: When, variants: Mapping[str, str]) -> str:
    """The first condition on an experiment that does not hold, in words; empty when all hold.

    :param variants: the visitor's, by experiment.
    """
    for experiment, wanted in when.experiment.items():
        if (has := variants.get(experiment)) != wanted:
            return f"variant of {experiment} is {has}" if has else f"has no variant of {experiment}"
    return ""


def deciding(
    eligible: Sequence[Route], variants: Mapping[str, str], experiments: Mapping[str, Experiment]
) -> tuple[str, ...]:
    """The experiments on whose variant it depends which route answers, sorted.

    :param eligible: the routes whose other conditions hold, the first first. :param variants: the visitor's.
    """
    if not variants:
        return ()
    named = {id for route in eligible for id in route.when.experiment}
    answers = _first(eligible, variants)
    return tuple(
        id
        for id in sorted(named & variants.keys())
        if any(_first(eligible, {**variants, id: other.id}) is not answers for other in experiments[id].variants)
    )


def _first(eligible: Iterable[Route], variants: Mapping[str, str]) -> Route | None:
    return next((route for route in eligible if not unmet_variant(route.when, variants)), None)


def shown(assignments: Iterable[Assignment], at: int, plans: Mapping[str, Plan]) -> dict[int, Seen]:
    """What a source profile has seen with an answer, by phase.

    :param assignments: those on which the answer depends. :param at: time of the scan in microseconds. :param plans: by
    experiment.
    """
    return {plans[one.id].key: Seen(one.variant, at) for one in assignments}
