"""The public vectors of GrowthBook's SDKs (growthbook_cases.json, MIT): whoever computes a draw elsewhere gets ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.experiments.bucketing import (
    bucket_of,
    bucket_ranges,
    chosen,
    equal_weights,
    is_in_layer,
)

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "growthbook_cases.json").read_text())
OUR_OWN_RULES = (
    "stops test enrollment when and existing sticky bucket is blocked by version",
    "skips assignment when sticky bucket version < experiment.minBucketVersion",
    "disables sticky bucketing when disabled by experiment",
)
"""Settings that experiments of ours do not have: a phase always draws everybody anew, and is always kept."""


@pytest.mark.parametrize(("seed", "value", "version", "expected"), CASES["hash"])
def test_hash(seed: str, value: str, version: int, expected: float | None) -> None:
    assert bucket_of(seed, value, version) == expected


@pytest.mark.parametrize(("name", "given", "expected"), CASES["getBucketRange"])
def test_bucket_ranges(name: str, given: list[Any], expected: list[list[float]]) -> None:
    count, coverage, weights = given
    found = bucket_ranges(count, coverage, weights or ())
    assert [[round(end, 6) for end in one] for one in found] == expected


@pytest.mark.parametrize(("name", "bucket", "ranges", "expected"), CASES["chooseVariation"])
def test_chosen(name: str, bucket: float, ranges: list[tuple[float, float]], expected: int) -> None:
    assert chosen(bucket, ranges) == expected


@pytest.mark.parametrize(("name", "value", "namespace", "expected"), CASES["inNamespace"])
def test_layers(name: str, value: str, namespace: list[Any], expected: bool) -> None:
    layer, begins, ends = namespace
    assert is_in_layer(value, layer, (begins, ends)) is expected


@pytest.mark.parametrize(("count", "expected"), CASES["getEqualWeights"])
def test_equal_weights(count: int, expected: list[float]) -> None:
    assert [round(one, 8) for one in equal_weights(count)] == expected


STICKY = [case for case in CASES["stickyBucket"] if case[0] not in OUR_OWN_RULES]


@pytest.mark.parametrize(("name", "context", "documents", "feature", "expected", "_after"), STICKY)
def test_sticky_buckets(
    name: str, context: dict[str, Any], documents: list[Any], feature: str, expected: dict[str, Any], _after: object
) -> None:
    """What somebody saw of a phase counts more than the draw; of another phase it counts nothing."""
    (rule,) = context["features"][feature]["rules"]
    attributes = context["attributes"]
    by = [rule["hashAttribute"], rule["fallbackAttribute"]]
    value = next(attributes[attribute] for attribute in by if attribute in attributes)
    phase = f"{rule.get('key', feature)}__{rule.get('bucketVersion', 0)}"
    kept = [
        document["assignments"][phase]
        for attribute in by
        for document in documents
        if (document["attributeName"], document["attributeValue"]) == (attribute, attributes.get(attribute))
        and phase in document["assignments"]
    ]
    ranges = bucket_ranges(len(rule["variations"]), rule.get("coverage", 1), rule.get("weights", ()))
    bucket = bucket_of(rule.get("seed", feature), value, rule.get("hashVersion", 1))
    assert bucket == expected["bucket"]
    variant = kept[0] if kept else str(chosen(bucket, ranges))
    assert (variant, bool(kept)) == (expected["key"], expected["stickyBucketUsed"])


SHARES = st.floats(0, 1, allow_nan=False)
WEIGHTS = st.lists(st.integers(1, 100), min_size=2, max_size=6).map(lambda ones: [one / sum(ones) for one in ones])


@given(WEIGHTS, SHARES, SHARES, st.integers(0, 9_999))
def test_more_coverage_moves_nobody_who_is_in(weights: list[float], one: float, other: float, place: int) -> None:
    less, more = sorted((one, other))
    before = chosen(place / 10_000, bucket_ranges(len(weights), less, weights))
    after = chosen(place / 10_000, bucket_ranges(len(weights), more, weights))
    assert before in (-1, after)


@given(WEIGHTS, st.text(max_size=40))
def test_with_full_coverage_everybody_has_a_variant(weights: list[float], value: str) -> None:
    bucket = bucket_of("salt", value)
    assert bucket is not None and 0 <= chosen(bucket, bucket_ranges(len(weights), 1.0, weights)) < len(weights)


@given(st.text(max_size=40), st.integers(1, 9))
def test_parts_of_a_layer_that_do_not_overlap_have_nobody_in_common(value: str, border: int) -> None:
    first = is_in_layer(value, "checkout", (0.0, border / 10))
    assert first != is_in_layer(value, "checkout", (border / 10, 1.0))
