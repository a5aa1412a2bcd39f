"""What channels were worth by models that learn from all paths, those without a sale too."""

import os
from functools import partial
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from deploy.errors import Refused
from sinks.analysis.attribution.answer import CODE, Dimension, Model, Question, Unfit
from sinks.analysis.period import BEGINNING, END

NO_SKILL = 2
"""Exit code when a model claims nothing."""


def attribute(
    *,
    model: Annotated[list[Model | Literal["all"]], Parameter(negative="")],
    by: Dimension = "channel",
    since: str = BEGINNING,
    until: str = END,
    lookback_days: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=36_500))] = 90,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Work out data-driven attribution and keep it in ClickHouse, where the view attribution_by serves it.

    markov_1, markov_2, markov_3: the share of conversions that is lost when a value is removed, from all paths as a
    chain that remembers so many values. shapley: each conversion in equal parts to the distinct values of its path.
    shapley_rate: what values add to the conversion rate, for up to 16 of them; who adds less than nothing gets nothing.
    predictive: what a classifier expects without a value; it is tested on the latest fifth of the paths and claims
    nothing unless it beats chance there. Markov and shapley_rate share revenue as they share conversions.

    Each run is kept with its date; the newest for the same model, dimension, look-back and period counts. The exit code
    is 2 when a model has no skill.

    For example: footpath attribute --model markov_1 --model predictive --since 2026-01-01 --until 2027-01-01

    Parameters
    ----------
    model
        Which one; may be given several times. all takes every one that can answer.
    by
        What is credited; campaign_placement is both together.
    since
        Paths that end then or later, a date or time in UTC. All time by default: then ask the view with this very text.
    until
        Paths that end before.
    lookback_days
        How old a touch may be when its path ends.
    json
        Print one JSON document instead of tables.
    """
    from rich.console import Console

    from deploy.attributing.screen import Screen, as_json, show
    from deploy.store import reached
    from sinks.analysis.attribution.runs import run

    wanted = [name for name in CODE if name in model or "all" in model]
    question = Question(by, lookback_days, since, until)
    runs, unfit = [], []
    with reached(os.environ) as client, Screen(len(wanted)) as screen:
        for name in wanted:
            try:
                runs.append(run(client, name, question, partial(screen.at, name)))
            except Unfit as error:
                unfit.append(f"{name}: {error}")
            screen.done()
    if unfit and not ("all" in model and runs):
        raise Refused("; ".join(unfit))
    for said in unfit:
        screen.say(f"left out: {said}")
    if json:
        print(as_json(runs))
    else:
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        for done in runs:
            show(done, console)
    return 0 if all(done.answer.skilled for done in runs) else NO_SKILL
