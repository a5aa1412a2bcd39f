"""Expressions in a brand's files: a mistake is named by the line and column where it stands."""

from pathlib import Path

import pytest

from schemas.brand.items import events_of
from schemas.brand.load import BrandError, load
from tests.support.brand_files import YAML, write

ROUTE = "    moment: buy\n"


def with_if(folder: Path, text: str) -> Path:
    assert YAML.count(ROUTE) == 1
    return write(folder, YAML.replace(ROUTE, f"{ROUTE}    {text}\n"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("if: place.in_store && behaviour.visit > 1", "18:27"),
        ("if: 'place.in_store && behaviour.visit > 1'", "18:28"),
        ("if: 'store.id != ''x'' && behaviour.visit > 1'", "18:31"),
        ('if: "store.id != \\"x\\" && behaviour.visit > 1"', "18:31"),
        ("if: |\n      place.in_store &&\n        behaviour.visit > 1", "20:9"),
        ("if: >-\n      place.in_store\n\n      && behaviour.visit > 1", "21:10"),
        ("if:   place.in_store &&\n      behaviour.visit > 1", "19:7"),
        ('if: "place.in_store\n      && behaviour.visit > 1"', "19:10"),
    ],
)
def test_a_mistake_within_an_expression_has_its_place_in_the_file(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(BrandError) as error:
        load(with_if(tmp_path, text))
    [problem] = map(str, error.value.problems)
    message = "route buy.if: there is no input behaviour.visit; did you mean 'behaviour.visits'?"
    assert problem == f"{tmp_path / 'brand.yaml'}:{place}: {message}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("if: place.in_store &&", "18:26: route buy.if: ends too early"),
        ("if: ''", "18:10: route buy.if: ends too early"),
        ("if: true", "18:5: routes[0].if: expected `str`, got `bool`"),
        ("if: place.in_store\n    wenn: 1", "19:5: routes[0].wenn: no such field; did you mean 'when'?"),
        ("iff: place.in_store", "18:5: routes[0].iff: no such field; did you mean 'if'?"),
    ],
)
def test_what_is_no_expression_is_a_mistake(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BrandError) as error:
        load(with_if(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path / 'brand.yaml'}:{problem}")


def test_an_expression_travels_with_the_brand_and_a_brand_without_has_the_version_that_it_had(tmp_path: Path) -> None:
    [plain] = [event for event in events_of(load(write(tmp_path)), 1, {}) if event.kind == "route"]
    assert "if" not in plain.body and "condition" not in plain.body
    [route] = load(with_if(tmp_path, "if: place.in_store")).routes
    assert route.expression == "place.in_store"
