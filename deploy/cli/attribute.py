"""`footpath attribute`: data-driven attribution models."""

import os
from functools import partial
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError
from sinks.analysis.attribution.result import VERSIONS, Dimension, Model, NotApplicable, Question
from sinks.analysis.period import BEGINNING, END

NO_SKILL = 2
"""Exit code when a model has no skill and therefore credits nothing."""


def attribute(
    *,
    model: Annotated[list[Model | Literal["all"]], Parameter(negative="")],
    by: Dimension = "channel",
    since: str = BEGINNING,
    until: str = END,
    lookback_days: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=36_500))] = 90,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run data-driven attribution models and store the results in ClickHouse; the view attribution_by serves them.

    markov_1, markov_2, markov_3: the share of conversions that is lost when a value is removed from a Markov chain of
    order 1, 2 or 3 over all paths. shapley: each conversion in equal parts to the distinct values of its path.
    shapley_rate: what values add to the conversion rate, for up to 16 values; negative contributions count as zero.
    predictive: the conversions that a classifier expects to be lost without a value; it is tested on the latest fifth
    of the paths and credits nothing unless it is better than chance there. Markov and shapley_rate split revenue as
    they split conversions.

    Each run is stored with its date; the newest one for the same model, dimension, look-back and period counts. The
    exit code is 2 when a model has no skill.

    For example: footpath attribute --model markov_1 --model predictive --since 2026-01-01 --until 2027-01-01

    Parameters
    ----------
    model
        Name of a model; may be given several times. all runs every model that can answer.
    by
        Dimension that is credited; campaign_placement is both together.
    since
        Paths that end then or later: a date or time, in UTC unless it has an offset or the name of a time zone. By
        default all time.
    until
        Paths that end before, written as since.
    lookback_days
        Age limit of a touchpoint when its path ends, in days.
    json
        Print one JSON document instead of tables.
    """
    from rich.console import Console

    from deploy.operate.attribute.output import as_json, currency_of, print_run
    from deploy.operate.attribute.progress import ModelProgress
    from deploy.operate.store_client import connect
    from sinks.analysis.attribution.runs import run

    models = [name for name in VERSIONS if name in model or "all" in model]
    question = Question(by, lookback_days, since, until)
    runs, unanswered = [], []
    with connect(os.environ) as client, ModelProgress(len(models)) as progress:
        for name in models:
            try:
                runs.append(run(client, name, question, partial(progress.start_step, name)))
            except NotApplicable as error:
                unanswered.append(f"{name}: {error}")
            progress.finish_model()
        currency = currency_of(client)
    if unanswered and not ("all" in model and runs):
        raise OperatorError("; ".join(unanswered))
    for reason in unanswered:
        progress.print_line(f"left out: {reason}")
    if json:
        print(as_json(runs))
    else:
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        for finished in runs:
            print_run(finished, currency, console)
    return 0 if all(finished.result.skilled for finished in runs) else NO_SKILL


COMMAND = Command(attribute, USE_IT)
