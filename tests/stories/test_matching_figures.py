"""How well matching finds FEBRL's people: trained without labels, linked from a probability of 0.99."""

from itertools import combinations

import pytest

from schemas.matching.model import LIKELY, Model, score
from schemas.matching.traits import Traits, encode_traits
from sinks.analysis.matching.pairs import blocked_pairs
from sinks.analysis.matching.train import TooFewPairs, train
from tests.support import febrl

KEY = b"a key of the test"


def encoded(records: list[febrl.Record]) -> list[Traits]:
    return [traits for record in records if (traits := encode_traits(record.properties, KEY)) is not None]


def links(traits: list[Traits], model: Model) -> set[febrl.Pair]:
    return {
        (one, other)
        for one, other in blocked_pairs(traits)
        if score(traits[one], traits[other], model).probability >= LIKELY
    }


@pytest.mark.parametrize(("dataset", "least_f1"), [("dataset3", 0.98), ("dataset4", 0.985)])
def test_febrls_people_are_found_without_labels_and_without_raw_values(dataset: str, least_f1: float) -> None:
    records = febrl.records(dataset)
    traits, true = encoded(records), febrl.truth(records)
    assert len(traits) == len(records)
    found = links(traits, train(traits))
    for of in (febrl.quality(found, true), febrl.quality(febrl.clustered(len(records), found), true)):
        assert of.precision >= 0.998
        assert of.f1 >= least_f1


def test_the_same_records_give_the_same_model() -> None:
    traits = encoded(febrl.records("dataset3")[:1500])
    assert train(traits) == train(traits)


def test_little_data_gives_no_model() -> None:
    with pytest.raises(TooFewPairs, match="3 records make 0 pairs"):
        train(encoded(febrl.records("dataset3")[:3]))


def test_clusters_are_what_links_reach() -> None:
    assert febrl.clustered(5, [(0, 1), (3, 1)]) == set(combinations((0, 1, 3), 2))
    assert febrl.quality({(0, 1), (0, 2)}, {(0, 1), (1, 2)}) == febrl.Quality(0.5, 0.5)
