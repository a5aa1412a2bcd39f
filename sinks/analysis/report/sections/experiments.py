"""Experiments: what each variant is worth against its control."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from sinks.analysis.formatting import count, join_words, label, money, plural, points, share
from sinks.analysis.report.charts import intervals
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section, Source, period

_SHOWN: Final = f"SELECT DISTINCT experiment FROM exposure WHERE {period('occurred_at')} ORDER BY experiment"


def _experiments(source: Source, scope: Scope) -> Iterable[Mapping[str, str]]:
    found = source.rows(scope.filled(_SHOWN, {}))
    return [{"experiment": row["experiment"]} for row in found] or [{"experiment": ""}]


def _is_compared(row: Row) -> bool:
    return row["difference"] is not None and not _is_blocked(row)


def _is_blocked(row: Row) -> bool:
    return str(row["conclusion"]).startswith("blocked")


def _by_experiment(rows: list[Row]) -> list[list[Row]]:
    """The rows of each experiment, the control first; the experiment with most people first."""
    found = [[*of_one] for _, of_one in groupby(rows, key=lambda row: row["experiment"])]
    whole = [sorted(of_one, key=lambda row: not row["is_control"]) for of_one in found]
    return sorted(whole, key=lambda of_one: -sum(row["people"] for row in of_one))


def _answer(rows: list[Row], scope: Scope) -> Answer | str | None:
    experiments = _by_experiment(rows)
    if not experiments:
        return None
    sentences = [_sentence(of_one) for of_one in experiments]
    if not any(map(_is_compared, rows)):
        return " ".join(sentences)
    notes = [*sentences[1:], *(note for of_one in experiments for note in _notes(of_one))]
    people = plural(sum(row["people"] for row in rows), "person", "people")
    return Answer(sentences[0], f"{people} in {plural(len(experiments), 'experiment')}", notes)


def _sentence(of_one: list[Row]) -> str:
    control, *others = of_one
    name = label(control["experiment"])
    if _is_blocked(control):
        drawn = join_words(f"{label(row['variant'])} {count(row['drawn'])}" for row in of_one)
        return (
            f"Experiment {name} has no result: so many people were drawn for each variant, {drawn}, as chance would do "
            "in less than one of 1,000 cases; something loses people of one of them."
        )
    if not any(map(_is_compared, others)):
        return f"Of experiment {name} it is too early to say anything: it takes 100 people of each variant."
    return " ".join(_compared(row, control) for row in others if _is_compared(row))


def _compared(row: Row, control: Row) -> str:
    low, middle, high = (row[f"difference{end}"] for end in ("_low", "", "_high"))
    rates = row["conversion_rate"], control["conversion_rate"]
    ends = low, middle, high
    apart, *between = (points(one, *ends, *rates) for one in (middle, low, high))
    meaning = "which may be chance" if low <= 0 <= high else "more than chance" if low > 0 else "less, beyond chance"
    return (
        f"Of those who were shown “{label(row['variant'])}” in experiment {label(row['experiment'])} {share(*rates)} "
        f"converted, of those shown “{label(control['variant'])}” {share(*reversed(rates))}: a difference of "
        f"{apart} points ({' to '.join(between)}), {meaning}."
    )


def _notes(of_one: list[Row]) -> Iterable[str]:
    control, *others = of_one
    name = label(control["experiment"])
    if control["both_people"]:
        are = "is" if control["both_people"] == 1 else "are"
        yield f"{name}: {plural(control['both_people'], 'person', 'people')} who saw several variants {are} left out."
    if _is_blocked(control):
        return
    for row in others:
        low, middle, high = (row[f"revenue_difference{end}"] for end in ("_low", "", "_high"))
        if middle is not None and low is not None:
            more, *ends = (money(one, row["currency"]) for one in (middle, low, high))
            variant = label(row["variant"])
            yield f"{name}, {variant}: {more} of revenue a person against the control ({' to '.join(ends)})."


def _draw(rows: list[Row], width: int) -> Drawing:
    marks = []
    for control, *others in _by_experiment(rows):
        for row in others:
            if not _is_compared(row):
                continue
            marks.append(
                {
                    "label": f"{label(row['experiment'])}: {label(row['variant'])} against {label(control['variant'])}",
                    **{end: row[end] for end in ("difference", "difference_low", "difference_high")},
                    "text": f"{count(row['people'])} and {count(control['people'])} people",
                }
            )
    ends = "difference", "difference_low", "difference_high"
    return intervals(marks, "label", *ends, "text", width, zero=True, format="+%")


SECTION: Final = Section(
    id="experiments",
    title="Which variant is better?",
    position=55,
    questions=(
        Question(
            id="variants",
            text="Do people convert more with another variant?",
            reads=("experiment",),
            query=f"SELECT * EXCEPT (experiment), {CURRENCY}\nFROM experiment(experiment='$experiment', phase='')",
            variants=_experiments,
            answer=_answer,
            draw=_draw,
            how="Difference of the shares of people who converted, variant less control, with an interval that holds "
            "however often it is looked at (asymptotic confidence sequence, 95 % of an experiment). The figures are "
            "those of the whole latest phase of experiments that somebody was shown in this period.",
            nothing="Nobody was shown a variant of an experiment in this period.",
        ),
    ),
)
