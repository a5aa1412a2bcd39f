"""GS1 Digital Link URIs, by the unit tests of GS1's own syntax engine (vectors.json: source and licence within)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.gs1.dictionary import dictionary, primary_keys
from schemas.gs1.digital_link import CANONICAL_STEM, DigitalLink, Permits, compose, parse, parse_path
from schemas.gs1.elements import Element, Fault, element_string, read_bracketed

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())


def permits(flags: dict[str, bool]) -> Permits:
    return Permits(
        alphas=flags["permitConvenienceAlphas"],
        zero_suppressed=flags["permitZeroSuppressedGTIN"],
        unknown=flags["permitUnknownAIs"],
        unknown_attributes=not flags["unknownAInotDLattr"],
    )


def test_all_vectors_are_here() -> None:
    parsed, composed = VECTORS["parse_dl_uri"], VECTORS["generate_dl_uri"]
    assert (len(parsed), sum(case["ok"] for case in parsed)) == (118, 73)
    assert (len(composed), sum(case["ok"] for case in composed)) == (22, 16)
    assert len(VECTORS["valid_path_ai_sequences"]) == 39


@pytest.mark.parametrize("case", VECTORS["parse_dl_uri"], ids=lambda case: case["uri"])
def test_a_uri_is_read_as_the_syntax_engine_reads_it(case: dict[str, Any]) -> None:
    found = parse(case["uri"], permits(case["flags"]))
    read = element_string(found.elements) if isinstance(found, DigitalLink) else None
    assert read == case["elements"], found


@pytest.mark.parametrize("case", VECTORS["generate_dl_uri"], ids=lambda case: case["ai"])
def test_elements_are_written_as_the_syntax_engine_writes_them(case: dict[str, Any]) -> None:
    elements = read_bracketed(case["ai"], case["flags"]["permitUnknownAIs"])
    assert not isinstance(elements, Fault), elements
    found = compose(elements, case["stem"] or CANONICAL_STEM, permits(case["flags"]))
    assert (found if isinstance(found, str) else None) == case["uri"], found


def test_the_paths_are_those_of_the_standard() -> None:
    expected = {(sequence[0], tuple(sequence[1:])) for sequence in VECTORS["valid_path_ai_sequences"]}
    found = {(key, path) for key in primary_keys() for path in dictionary()[key].paths}
    assert expected <= found
    assert {key for key, _ in found - expected} == {"415"}, "which stands for a payment, and has no vector"


def test_what_is_read_is_written_and_read_again() -> None:
    again = 0
    for case in VECTORS["parse_dl_uri"]:
        found = parse(case["uri"], permits(case["flags"]))
        written = compose(found.elements) if isinstance(found, DigitalLink) else None
        if isinstance(written, str):
            read = parse(written)
            assert isinstance(found, DigitalLink) and isinstance(read, DigitalLink)
            assert read.path == found.path and set(read.attributes) == set(found.attributes)
            again += 1
    assert again > 60


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("https://a/01/09506000134353", Fault("01", "the check digit is 3, and should be 2")),
        ("https://a/01/9506000134352", Fault("01", "has 13 characters; it must have 14")),
        ("https://a/01/09506000134352/21/A/10/B", Fault("01", "cannot be followed by (21), (10) in this order")),
        ("https://a/01/09506000134352?17=251301", Fault("17", "is no date")),
        ("https://a/01/09506000134352?17=250230", Fault("17", "is no date")),
        ("https://a/01/09506000134352?422=001", Fault("422", "is no country of ISO 3166")),
        ("https://a/01/09506000134352/10/a%20b", Fault("10", "has a character that GS1 does not allow")),
        ("https://a/01/09506000134352/10/%C3%A9", Fault("10", "has a character that GS1 does not allow")),
        ("https://a/8013/1987654Ad4X4bL5ttr2310c2L", Fault("8013", "has wrong check characters")),
        ("https://a/8006/095060001343520301", Fault("8006", "is no piece of a total")),
    ],
)
def test_a_fault_names_the_identifier(uri: str, fault: Fault) -> None:
    assert parse(uri) == fault


@pytest.mark.parametrize(
    "uri",
    [
        "https://a/01/09506000134352?17=250200",  # a day of 00: the last of the month
        "https://a/8013/1987654Ad4X4bL5ttr2310c2K",  # the example of the General Specifications
        "https://a/8006/095060001343520103/21/%22%25%26'()*%2B,-.%2F_:;%3C=%3E%3F!",
        "https://a/01/09506000134352?3912=978123",
        "https://a/8003/00614141123452ABC",
    ],
)
def test_right_values_are_read(uri: str) -> None:
    assert isinstance(parse(uri), DigitalLink), parse(uri)


def test_brackets_are_read_and_their_faults_named() -> None:
    assert read_bracketed("(01)09506000134352(10)A(B") == (Element("01", "09506000134352"), Element("10", "A(B"))
    assert read_bracketed("(09)1") == Fault("09", "is no application identifier")
    assert isinstance(read_bracketed("01"), Fault) and isinstance(read_bracketed(""), Fault)


@given(
    st.text(max_size=60) | st.from_regex(r"/(01|10|8004|gtin)/[0-9A-Za-z%/]{0,30}", fullmatch=True),
    st.text(max_size=60),
)
def test_whatever_a_stranger_writes_is_read_or_has_a_fault(path: str, query: str) -> None:
    for allowed in (Permits(), Permits(True, True, True, True)):
        assert isinstance(parse_path(path, query, allowed), DigitalLink | Fault)
        assert isinstance(parse(f"https://a{path}?{query}", allowed), DigitalLink | Fault)
