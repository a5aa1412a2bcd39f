"""Quality of the predictive attribution model."""

from typing import Final

import altair as alt

from sinks.analysis.formatting import count
from sinks.analysis.intervals import wilson
from sinks.analysis.report.charts import data, fitted
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, bound
from sinks.analysis.report.theme import COLOURS, FAINT, INK


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    row = rows[0]
    tested = sum(row["n"] for row in rows)
    area = f"ranks a path that converts above one that does not in {row['auc'] * 100:.1f} of 100 pairs"
    interval = f"{row['auc_low'] * 100:.1f} to {row['auc_high'] * 100:.1f}"
    meaning = (
        "better than the 50 of chance, so its credits count"
        if row["skilled"]
        else "no better than chance, so it has none"
    )
    return Answer(
        f"On later paths that it had not seen, the predictive model {area} ({interval}): {meaning}.",
        f"{count(tested)} tested paths",
        [
            f"Slope of calibration {row['slope']:.2f} (1 is best), Brier score {row['brier']:.4f} "
            f"({row['brier_of_rate']:.4f} for always saying the rate)."
        ],
    )


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
    JSONExtractFloat(detail, 'auc') AS auc,
    JSONExtractFloat(detail, 'auc_low') AS auc_low,
    JSONExtractFloat(detail, 'auc_high') AS auc_high,
    JSONExtractFloat(detail, 'calibration', 'slope') AS slope,
    JSONExtractFloat(detail, 'calibration', 'brier') AS brier,
    JSONExtractFloat(detail, 'calibration', 'brier_of_rate') AS brier_of_rate
FROM attribution_run_latest
ARRAY JOIN JSONExtract(
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
            nothing="No run of footpath attribute --model predictive has this period and could be tested.",
        ),
    ),
)
