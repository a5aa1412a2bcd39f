"""splink on a FEBRL data set: its own comparisons and training steps, without labels.

    python -m tests.bench.baselines.matching_splink DATASET PROBABILITY

Prints the links with at least that match probability as JSON: pairs of positions in the data set.
"""

import json
import logging
import sys
from typing import Any

import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tests.support import febrl

BLOCKS = (("national_id",), ("birth_date",), ("given_name", "family_name"), ("postal_code", "house_number"))
"""The same as for recordlinkage."""
TRAINED_ON = (("birth_date",), ("national_id",))
"""Fields that are blocked on while the weights of the other fields are estimated."""
PAIRS = 2e7
"""Random pairs from which the agreement of unrelated records is estimated: more than all pairs of dataset3."""


def main(dataset: str, least: float) -> None:
    logging.disable(logging.CRITICAL)
    records = febrl.records(dataset)
    table = pa.table(
        {"unique_id": list(range(len(records)))}
        | {name: [record.properties.get(name) for record in records] for name in febrl.PROPERTIES.values()}
    )
    api: Any = DuckDBAPI()
    linker = Linker(api.register(table), SettingsCreator(**_settings()))
    linker.training.estimate_probability_two_random_records_match([block_on("national_id")], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=1)
    for fixed in TRAINED_ON:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*fixed))
    found = linker.inference.predict(threshold_match_probability=least).as_record_list()
    json.dump([sorted((row["unique_id_l"], row["unique_id_r"])) for row in found], sys.stdout)


def _settings() -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "blocking_rules_to_generate_predictions": [block_on(*fields) for fields in BLOCKS],
        "comparisons": [
            *(cl.NameComparison(name) for name in ("given_name", "family_name")),
            *(cl.JaroWinklerAtThresholds(name, [0.9, 0.8]) for name in ("street", "address_extra", "city")),
            *(cl.LevenshteinAtThresholds(name, [1, 2]) for name in ("house_number", "postal_code")),
            *(cl.DamerauLevenshteinAtThresholds(name, [1, 2]) for name in ("birth_date", "national_id")),
            cl.ExactMatch("region"),
        ],
    }


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
