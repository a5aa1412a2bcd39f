"""Credits of each channel, by every model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Final

import altair as alt

from sinks.analysis.formatting import (
    NO_VALUE,
    OTHER,
    count,
    join_words,
    label,
    leaders,
    money,
    names,
    plural,
    share,
)
from sinks.analysis.report.charts import data, narrow
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section, Source, bound
from sinks.analysis.report.theme import COLOURS, FAINT, INK

RULES: Final = ("first", "last", "last_non_direct", "linear", "time_decay", "position")
DIMENSIONS: Final = ("campaign", "placement", "store")
MAX_VALUES: Final = 8
"""Maximum number of values in a chart; the rest is summed as all others."""
SPACE: Final = 14
"""Between panels, in pixels."""


def models(source: Source, scope: Scope) -> Iterable[Mapping[str, str]]:
    """The rule-based models, and the data-driven ones with a run of exactly this period and look-back."""
    found = [*RULES]
    if source.has("attribution_run_latest"):
        query = (
            "SELECT model FROM attribution_run_latest WHERE by = 'channel' AND skilled "
            f"AND lookback_days = $lookback_days AND since = {bound('since')} AND until = {bound('until')} "
            "ORDER BY model"
        )
        runs = source.rows(scope.filled(query, {}))
        found += [row["model"] for row in runs]
    return [{"model": model} for model in found]


def dimensions(source: Source, scope: Scope) -> Iterable[Mapping[str, str]]:
    """The other dimensions of a touch."""
    return [{"by": by} for by in DIMENSIONS]


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    shares = _shares(rows, "model", "channel")
    last = {channel: part for (model, channel), part in shares.items() if model == "last"}
    if not last:
        return None
    first = leaders(last)
    used = list(dict.fromkeys(row["model"] for row in rows))
    conversions = sum(row["conversions"] for row in rows if row["model"] == "last")
    revenue = sum(row["revenue"] for row in rows if row["model"] == "last")
    notes = []
    if set(used) <= set(RULES):
        notes.append(
            f"No data-driven model has credits for this period and look-back: {_command('all', scope)} makes them, for "
            "those that the paths are enough for."
        )
    seen = {model: round(sum(row["conversions"] for row in rows if row["model"] == model)) for model in used}
    notes += [
        f"The run of {model} is outdated: it knows {plural(known, 'conversion')}, now there are {count(conversions)}; "
        f"{_command(model, scope)} makes a new one."
        for model, known in seen.items()
        if known != round(conversions)
    ]
    if len(first) == 1:
        sentence = (
            f"By its last touch {label(first[0])} leads with {share(last[first[0]])} of the conversions; "
            f"{_range({model: shares.get((model, first[0]), 0.0) for model in used})}."
        )
    else:
        sentence = (
            f"By their last touch {names(map(label, first))} lead with {share(last[first[0]])} of the conversions each."
        )
    return Answer(
        sentence,
        f"{plural(conversions, 'conversion')}, revenue {money(revenue, rows[0]['currency'])}, "
        f"{plural(len(used), 'model')}",
        notes,
    )


def _range(parts: Mapping[str, float]) -> str:
    """What the models give to one channel."""
    low, high = min(parts, key=lambda model: parts[model]), max(parts, key=lambda model: parts[model])
    least, most = share(parts[low]), share(parts[high])
    if least == most:
        return f"every model gives it {most}"
    return f"the models give it between {least} ({low}) and {most} ({high})"


def _command(model: str, scope: Scope) -> str:
    """What runs a model for exactly this period and look-back."""
    period = "" if scope.is_all_time else f" --since {quote(scope.since)} --until {quote(scope.until)}"
    return f"footpath attribute --model {model}{period} --lookback-days {scope.lookback_days}"


def _answer_by(rows: list[Row], scope: Scope) -> Answer | None:
    shares = _shares(rows, "by", "value")
    best = []
    for by in DIMENSIONS:
        parts = {value: part for (of, value), part in shares.items() if of == by and value}
        if parts:
            first = leaders(parts)
            each = "" if len(first) == 1 else " each"
            best.append(f"{by} {names(map(label, first))} ({share(parts[first[0]])}{each})")
    if not best:
        return None
    conversions = sum(row["conversions"] for row in rows if row["by"] == DIMENSIONS[0])
    without = [f"{by} {share(shares.get((by, ''), 0))}" for by in DIMENSIONS]
    return Answer(
        f"Of all conversions, shared linearly among touches, the largest shares go to {join_words(best)}.",
        f"{plural(conversions, 'conversion')}, each shared among all touches of its path",
        [f"Not in the chart: touches without such a value, and sales without any touch ({join_words(without)})."],
    )


def _shares(rows: list[Row], panel: str, value: str) -> dict[tuple[str, str], float]:
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        totals[row[panel]] += row["conversions"]
    return {(row[panel], row[value]): row["conversions"] / totals[row[panel]] for row in rows if totals[row[panel]]}


def panels(rows: list[Row], panel: str, value: str) -> list[Row]:
    """Shares of conversions and of revenue in each panel; beyond MAX_VALUES values the rest is summed."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    weights: dict[str, float] = defaultdict(float)
    for row in rows:
        totals[row[panel]][0] += row["conversions"]
        totals[row[panel]][1] += row["revenue"]
        weights[row[value]] += row["conversions"]
    ranked = sorted(weights, key=lambda one: (-weights[one], one))
    kept = ranked if len(ranked) <= MAX_VALUES else ranked[: MAX_VALUES - 1]
    parts: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in rows:
        part = parts[row[panel], label(row[value]) if row[value] in kept else OTHER]
        for i, measure in enumerate(("conversions", "revenue")):
            part[i] += row[measure] / totals[row[panel]][i] if totals[row[panel]][i] else 0.0
    return [
        {
            "panel": of,
            "value": one,
            "conversions": part[0],
            "revenue": part[1],
            "text": f"{part[0] * 100:.0f} %" if 0.02 < part[0] < 0.98 else share(part[0]),
        }
        for (of, one), part in parts.items()
    ]


def _draw(rows: list[Row], width: int) -> Drawing:
    return facets(panels(rows, "model", "channel"), 2 if narrow(width) else 3, width, shared=True)


def _draw_by(rows: list[Row], width: int) -> Drawing:
    found = [row for by in DIMENSIONS for row in panels([row for row in rows if row["by"] == by], "by", "value")]
    named = [row for row in found if row["value"] != NO_VALUE]  # a name that reads like this is quoted
    return facets(named, 1 if narrow(width) else 3, width, shared=False)


def facets(found: list[Row], per_row: int, width: int, shared: bool) -> alt.FacetChart:
    """One facet per panel, ``per_row`` in a row: bars for conversions, a mark for revenue.

    :param shared: whether all panels have the same values, which then are labelled once per row.
    """
    labels = min(120, 12 + 6.5 * max(len(row["value"]) for row in found))
    inner = (width - 8 - labels * (1 if shared else per_row)) / per_row - SPACE
    ends = [row[measure] for row in found for measure in ("conversions", "revenue")]
    across = alt.Scale(domain=[min(0.0, *ends), max(1e-9, *ends) * 1.35], nice=False)
    sums: dict[str, float] = defaultdict(float)
    for row in found:
        sums[row["value"]] += row["conversions"]
    order = sorted(sums, key=lambda value: (value == OTHER, -sums[value], value))
    base = alt.Chart().encode(y=alt.Y("value:N", title=None, sort=order, axis=alt.Axis(labelLimit=labels)))
    bar = base.mark_bar(height=11, color=COLOURS[0]).encode(x=alt.X("conversions:Q", axis=None, scale=across))
    mark = base.mark_tick(height=15, thickness=2, color=COLOURS[1], opacity=1).encode(
        x=alt.X("revenue:Q", scale=across)
    )
    text = base.mark_text(align="left", dx=4, color=FAINT[0], fontSize=11).encode(
        x=alt.X("at:Q", scale=across), text="text:N"
    )
    placed = [{**row, "at": max(row["conversions"], row["revenue"], 0.0)} for row in found]
    chart = (
        alt.layer(bar, mark, text, data=data(placed))
        .properties(width=inner, height=alt.Step(18))
        .facet(
            facet=alt.Facet(
                "panel:N",
                title=None,
                sort=list(dict.fromkeys(row["panel"] for row in found)),
                header=alt.Header(labelAnchor="start", labelFontWeight="bold", labelColor=INK[0]),
            ),
            columns=per_row,
            spacing=SPACE,
        )
    )
    return chart if shared else chart.resolve_scale(y="independent")


_HOW: Final = (
    "Bars are shares of the conversions, orange marks shares of the revenue net of returns, in the brand's currency; "
    "100 % a panel."
)
_DIRECT: Final = " Sales without any touch are with direct."

_CHANNELS: Final = f"""
SELECT channel, conversions, revenue, {CURRENCY}
FROM attribution(model='$model', lookback_days=$lookback_days, since='$since', until='$until')
ORDER BY conversions DESC, channel
"""
_DIMENSIONS: Final = f"""
SELECT value, conversions, revenue, {CURRENCY}
FROM attribution_by(by='$by', model='linear', lookback_days=$lookback_days, since='$since', until='$until')
ORDER BY conversions DESC, value
"""

SECTION: Final = Section(
    id="attribution",
    title="What was it worth?",
    position=10,
    questions=(
        Question(
            id="channels",
            text="What is each channel worth, by model?",
            reads=("attribution",),
            query=_CHANNELS,
            variants=models,
            answer=_answer,
            draw=_draw,
            how=_HOW + _DIRECT,
            nothing="There is no sale in this period, so there is nothing to attribute.",
        ),
        Question(
            id="dimensions",
            text="Which campaigns, placements and stores bring conversions?",
            reads=("attribution_by",),
            query=_DIMENSIONS,
            variants=dimensions,
            answer=_answer_by,
            draw=_draw_by,
            how=_HOW,
            nothing="No sale of this period has a touch with a campaign, a placement or a store.",
        ),
    ),
)
