"""Runs: an answer, written back with its date so that the views can serve it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.answer import CODE, Answer, Model, Question, Say
from sinks.analysis.attribution.models import answer
from sinks.analysis.attribution.reading import read_period

CREDITS = ("run_id", "value", "conversions", "revenue", "effect", "touches")
RUN = (
    "run_id", "computed_at", "model", "by", "lookback_days", "since", "until", "code", "paths", "conversions",
    "revenue", "base_rate", "skilled", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """An answer as it is in the store."""

    run_id: UUID
    computed_at: datetime
    model: Model
    question: Question
    answer: Answer


def run(client: Client, model: Model, question: Question, say: Say) -> Run:
    """Asks the model and keeps what it says. :raises Unfit: it cannot answer; nothing is kept then."""
    period = read_period(client, question)
    began = datetime.now(UTC)
    done = Run(uuid4(), began, model, question, answer(client, model, question, say))
    say("writing the run")
    keep(client, done, period)
    return done


def keep(client: Client, done: Run, period: tuple[datetime, datetime]) -> None:
    """Writes the credits, then the run itself, with which it becomes visible as a whole."""
    found, totals = done.answer, done.answer.totals
    credits = [(done.run_id, one.value, one.conversions, one.revenue, one.effect, one.touches) for one in found.credits]
    if credits:
        client.insert("footpath.attribution_credit", credits, column_names=CREDITS)
    since, until = (time.replace(tzinfo=UTC) for time in period)
    row = (
        done.run_id, done.computed_at, done.model, done.question.by, done.question.lookback_days, since, until,
        CODE[done.model], totals.paths, totals.conversions, totals.revenue, found.base_rate, found.skilled,
        msgspec.json.encode(found.detail).decode(),
    )  # fmt: skip
    client.insert("footpath.attribution_run", [row], column_names=RUN)
