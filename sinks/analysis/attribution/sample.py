"""Single paths, read out of ClickHouse: of all people, or of as many as fit into memory."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from clickhouse_connect.driver.client import Client
from numpy.typing import NDArray

from sinks.analysis.attribution.answer import Question, Totals
from sinks.analysis.attribution.reading import PATHS, parameters_of
from sinks.analysis.attribution.touched import Touched

MOST_PATHS: Final = 200_000
MOST_TOUCHES: Final = 2_000_000
LONGEST: Final = 100
"""Of a longer path the last touches."""
PARTS: Final = 1_000_000

# A sale's own channel and the step of a sale without touches tell the outcome: a path that has nothing else is sudden.
_SAMPLE: Final = f"""
WITH arrayMap(type -> type NOT IN ('sale', 'none'), types) AS real, arrayCount(real) = 0 AS sudden
SELECT
    converted,
    toFloat64(revenue) AS revenue,
    sudden,
    arraySlice(if(sudden, steps, arrayFilter((step, is_real) -> is_real, steps, real)), -{LONGEST}) AS values,
    arraySlice(if(sudden, ages_h, arrayFilter((age, is_real) -> is_real, ages_h, real)), -{LONGEST}) AS ages_h
FROM {PATHS}
WHERE sipHash64(person_id) % {PARTS} < {{part:UInt32}}
ORDER BY ended_at, person_id, converted
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Paths in the order of their ends.

    :param share: of all people, whose paths these are, above 0, at most 1.
    :param sudden: whether a path has no touch before its sale; its only step is the sale's own.
    :param values: the texts that the numbers in ``touched`` stand for.
    """

    share: float
    converted: NDArray[np.bool_]
    revenue: NDArray[np.float64]
    sudden: NDArray[np.bool_]
    touched: Touched
    values: Sequence[str]


def share_of(totals: Totals, touches: int) -> float:
    """Which share of the people can be taken, in steps of a millionth."""
    share = min(1.0, MOST_PATHS / max(totals.paths, 1), MOST_TOUCHES / max(touches, 1))
    return max(int(share * PARTS), 1) / PARTS


def read_sample(client: Client, question: Question, share: float, values: Sequence[str]) -> Sample:
    """The paths of people who are chosen by a hash of their id. :param values: those that get the first numbers."""
    numbers = {value: number for number, value in enumerate(values)}
    outcomes: list[Sequence[NDArray[np.float64]]] = []
    begins, value, age_h = array("q", [0]), array("q"), array("d")
    parameters = parameters_of(question) | {"part": round(share * PARTS)}
    with client.query_column_block_stream(_SAMPLE, parameters=parameters) as blocks:
        for block in blocks:
            outcomes.append([np.array(column, dtype=np.float64) for column in block[:3]])
            for steps, ages in zip(block[3], block[4], strict=True):
                value.extend(numbers.setdefault(step, len(numbers)) for step in steps)
                age_h.extend(ages)
                begins.append(len(value))
    converted, revenue, sudden = np.hstack([*outcomes, np.zeros((3, 0))])
    return Sample(
        share,
        converted > 0,
        revenue,
        sudden > 0,
        Touched(np.array(begins), np.array(value, dtype=np.int64), np.array(age_h, dtype=np.float64)),
        list(numbers),
    )
