"""Model runs: a result, stored with its date so that the views can serve it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.models import compute
from sinks.analysis.attribution.result import VERSIONS, Model, NotApplicable, Progress, Question, Result
from sinks.analysis.period import parse_period

CREDIT_COLUMNS = ("run_id", "value", "conversions", "revenue", "effect", "touches")
RUN_COLUMNS = (
    "run_id", "computed_at", "model", "by", "lookback_days", "since", "until", "code", "paths", "conversions",
    "revenue", "base_rate", "skilled", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A result as it is in the store."""

    run_id: UUID
    computed_at: datetime
    model: Model
    question: Question
    result: Result


def run(client: Client, model: Model, question: Question, progress: Progress) -> ModelRun:
    """Computes the model and stores its result. :raises NotApplicable: it cannot; nothing is stored then."""
    try:
        period = parse_period(question.since, question.until)
    except ValueError as error:
        raise NotApplicable(str(error)) from None
    began = datetime.now(UTC)
    done = ModelRun(uuid4(), began, model, question, compute(client, model, question, progress))
    progress("writing the run")
    store(client, done, period)
    return done


def store(client: Client, done: ModelRun, period: tuple[datetime, datetime]) -> None:
    """Writes the credits, then the row of the run, which makes all of it visible."""
    result, totals = done.result, done.result.totals
    credits = [
        (done.run_id, one.value, one.conversions, one.revenue, one.effect, one.touches) for one in result.credits
    ]
    if credits:
        client.insert("attribution_credit", credits, column_names=CREDIT_COLUMNS)
    since, until = period
    row = (
        done.run_id, done.computed_at, done.model, done.question.by, done.question.lookback_days, since, until,
        VERSIONS[done.model], totals.paths, totals.conversions, totals.revenue, result.base_rate, result.skilled,
        msgspec.json.encode(result.detail).decode(),
    )  # fmt: skip
    client.insert("attribution_run", [row], column_names=RUN_COLUMNS)
