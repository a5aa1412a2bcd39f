"""What the routes of a brand ask of a scan, worked out once for the brand."""

from dataclasses import dataclass

from processors.context.conditions import Conditions, texts_of
from processors.context.history import HistoryConditions, history_conditions
from processors.context.inputs.read import Reader
from processors.context.timing import Timing
from schemas.brand.model import Brand


@dataclass(frozen=True, slots=True)
class Asked:
    """``timing`` has the schedules of the routes. ``history`` is None when nothing has a condition on purchases,
    ``conditions`` when no route has an expression, ``audiences`` when no experiment has one, ``questions`` when no
    survey has one: then none of it is computed. ``reads`` are the inputs of expressions, which ``reader`` reads, None
    when there are none."""

    history: HistoryConditions | None
    conditions: Conditions | None
    audiences: Conditions | None
    questions: Conditions | None
    reads: tuple[str, ...]
    reader: Reader | None
    timing: Timing


def asked_of(brand: Brand) -> Asked:
    experiments = brand.experiments.values()
    conditions = Conditions(brand.routes) if texts_of(brand.routes) else None
    audiences = Conditions(experiments) if texts_of(experiments) else None
    surveys = brand.surveys.values()
    questions = Conditions(surveys) if texts_of(surveys) else None
    several = (conditions, audiences, questions)
    reads = tuple(sorted({name for one in several if one is not None for name in one.reads}))
    history = history_conditions(brand.routes, (one.audience for one in experiments))
    return Asked(
        history, conditions, audiences, questions, reads, Reader(reads) if reads else None, Timing(brand.routes)
    )
