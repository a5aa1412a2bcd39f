"""Quality of the predictive attribution model."""

from typing import Final

import altair as alt

from sinks.analysis.formatting import plural, share
from sinks.analysis.intervals import wilson
from sinks.analysis.report.charts import data, fitted
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, bound
from sinks.analysis.report.theme import COLOURS, FAINT, INK


def _answer(rows: list[Row], scope: Scope) -> Answer | str | None:
    row = rows[0]
    tested = sum(row["n"] for row in rows)
    if not tested or row["auc"] is None:
        why = f": {row['reason']}" if row["reason"] else ""
        return f"The predictive model was not tested and has no credits{why}."
    digits = _digits_beside_chance(row)
    value, low, high = (f"{row[name] * 100:.{digits}f}" for name in ("auc", "auc_low", "auc_high"))
    meaning = (
        "better than the 50 of chance, so its credits count"
        if row["skilled"]
        else "no better than chance, so it has none"
    )
    predicted, observed = (sum(row["n"] * row[name] for row in rows) / tested for name in ("predicted", "observed"))
    notes = []
    if row["slope"] is not None:
        notes.append(
            f"Slope of calibration {row['slope']:.2f} (1 is best), Brier score {row['brier']:.4f} "
            f"({row['brier_of_rate']:.4f} for always saying the rate)."
        )
    return Answer(
        f"On later paths that it had not seen, the predictive model ranks a path that converts above one that does not "
        f"in {value} of 100 pairs ({low} to {high}): {meaning}; it predicted {share(predicted, observed)} of them to "
        f"convert, {share(observed, predicted)} did.",
        f"{plural(tested, 'tested path')}",
        notes,
    )


def _digits_beside_chance(row: Row) -> int:
    """Decimals by which the lower end of the interval differs from 50."""
    return next((digits for digits in range(1, 6) if round(row["auc_low"] * 100, digits) != 50), 6)


def _draw(rows: list[Row], width: int) -> Drawing:
    marks = []
    for row in rows:
        low, high = wilson(round(row["observed"] * row["n"]), row["n"])
        marks.append({**row, "low": low, "high": high})
    top = max(row["high"] for row in marks)
    axis = alt.Axis(format="%", tickCount=5)
    base = alt.Chart(data(marks))
    across = alt.X("predicted:Q", title="predicted", axis=axis)
    ideal = (
        alt.Chart(data([{"at": 0.0}, {"at": top}]))
        .mark_line(strokeDash=[4, 3], color=FAINT[0], strokeWidth=1)
        .encode(x="at:Q", y="at:Q")
    )
    span = base.mark_rule(strokeWidth=3, color=COLOURS[0]).encode(x=across, y=alt.Y("low:Q", title=None), y2="high:Q")
    point = base.mark_point(filled=True, size=80, opacity=1, color=INK[0]).encode(
        x=across, y=alt.Y("observed:Q", title="observed", axis=axis)
    )
    return fitted(alt.layer(ideal, span, point), width)


_CALIBRATION: Final = f"""
SELECT
    bin.1 AS n,
    bin.2 AS predicted,
    bin.3 AS observed,
    skilled,
    JSONExtractString(detail, 'reason') AS reason,
    JSONExtract(detail, 'auc', 'Nullable(Float64)') AS auc,
    JSONExtract(detail, 'auc_low', 'Nullable(Float64)') AS auc_low,
    JSONExtract(detail, 'auc_high', 'Nullable(Float64)') AS auc_high,
    JSONExtract(detail, 'calibration', 'slope', 'Nullable(Float64)') AS slope,
    JSONExtract(detail, 'calibration', 'brier', 'Nullable(Float64)') AS brier,
    JSONExtract(detail, 'calibration', 'brier_of_rate', 'Nullable(Float64)') AS brier_of_rate
FROM attribution_run_latest
LEFT ARRAY JOIN JSONExtract(
    detail, 'calibration', 'bins', 'Array(Tuple(n UInt64, predicted Float64, observed Float64))'
) AS bin
WHERE model = 'predictive' AND by = 'channel' AND lookback_days = $lookback_days
    AND since = {bound("since")} AND until = {bound("until")}
ORDER BY predicted
"""
SECTION: Final = Section(
    id="trust",
    title="Can the prediction be trusted?",
    position=20,
    questions=(
        Question(
            id="calibration",
            text="Do paths convert as often as the predictive model predicts?",
            reads=("attribution_run_latest",),
            query=_CALIBRATION,
            answer=_answer,
            draw=_draw,
            how="Test paths in ten groups by predicted rate, against the observed rate with its 95 % interval "
            "(Wilson); on the dashed line both are equal.",
            nothing="No run of footpath attribute --model predictive has this period and look-back.",
        ),
    ),
)
