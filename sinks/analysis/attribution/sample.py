"""Single paths, read from ClickHouse: of all people, or of a sample that fits into memory."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from clickhouse_connect.driver.client import Client
from numpy.typing import NDArray

from sinks.analysis.attribution.path_counts import PATHS, parameters_of
from sinks.analysis.attribution.path_features import PathTouches
from sinks.analysis.attribution.result import Question, Totals

MAX_PATHS: Final = 200_000
MAX_TOUCHES: Final = 2_000_000
MAX_PATH_TOUCHES: Final = 100
"""A longer path keeps its last touches."""
PARTS: Final = 1_000_000

# A sale's own channel and the placeholder step of a sale without touches reveal the outcome and are left out; a path
# that has nothing else is touchless and keeps them.
_SAMPLE: Final = f"""
WITH arrayMap(type -> type NOT IN ('sale', 'none'), types) AS real, arrayCount(real) = 0 AS touchless
SELECT
    converted,
    toFloat64(revenue) AS revenue,
    touchless,
    arraySlice(
        if(touchless, steps, arrayFilter((step, is_real) -> is_real, steps, real)), -{MAX_PATH_TOUCHES}
    ) AS values,
    arraySlice(
        if(touchless, ages_h, arrayFilter((age, is_real) -> is_real, ages_h, real)), -{MAX_PATH_TOUCHES}
    ) AS ages_h
FROM {PATHS}
WHERE sipHash64(person_id) % {PARTS} < {{part:UInt32}}
ORDER BY ended_at, person_id, converted
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Paths in the order of their ends.

    :param share: share of all people whose paths these are, above 0, at most 1.
    :param touchless: whether a path has no touch before its sale; its only step is the sale's own.
    :param values: the texts of the value numbers in ``touches``.
    """

    share: float
    converted: NDArray[np.bool_]
    revenue: NDArray[np.float64]
    touchless: NDArray[np.bool_]
    touches: PathTouches
    values: Sequence[str]


def share_of(totals: Totals, touches: int) -> float:
    """The largest share of the people within the limits, in steps of a millionth."""
    share = min(1.0, MAX_PATHS / max(totals.paths, 1), MAX_TOUCHES / max(touches, 1))
    return max(int(share * PARTS), 1) / PARTS


def read_sample(client: Client, question: Question, share: float, values: Sequence[str]) -> Sample:
    """The paths of people selected by a hash of their id. :param values: those that get the first numbers."""
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
    converted, revenue, touchless = np.hstack([*outcomes, np.zeros((3, 0))])
    return Sample(
        share,
        converted > 0,
        revenue,
        touchless > 0,
        PathTouches(np.array(begins), np.array(value, dtype=np.int64), np.array(age_h, dtype=np.float64)),
        list(numbers),
    )
