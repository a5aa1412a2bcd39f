"""Expressions in a brand's files: a mistake is named by the line and column where it stands."""

import re
from pathlib import Path

import pytest

from schemas.brand.items import events_of
from schemas.brand.load import BrandError, load
from schemas.brand.schedule import Schedule
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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("schedule: {from: 2026-13-01}", "is no date or time such as 2026-12-01"),
        ("schedule: {until: 0001-01-01}", "is no date or time such as 2026-12-01"),
        ("schedule: {from: 2026-12-24, until: 2026-12-01}", "2026-12-01 is before 2026-12-24"),
        ("schedule: {days: [Mo, Mi]}", "no day is called 'Mi'"),
        ("schedule: {hours: 9-18}", "are no hours such as 09:00-18:00"),
        ("schedule: {hours: '09:00-09:00'}", "are no hours such as 09:00-18:00"),
        ("schedule: {}", "has neither from, until, days nor hours"),
        ("schedule: {form: 2026-12-24}", "schedule.form: no such field; did you mean 'from'?"),
        ("not_again_within: a week", "is no time such as 7 days or 12 hours"),
        ("not_again_within: 400 days", "of a year at most"),
        ("not_again_within: 0 days", "is no time"),
    ],
)
def test_a_schedule_that_has_no_meaning_is_a_mistake(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BrandError, match=f"brand.yaml:18:[0-9]+: .*{re.escape(problem)}"):
        load(with_if(tmp_path, text))


def test_a_schedule_is_read(tmp_path: Path) -> None:
    text = "schedule: {from: 2026-12-01, until: 2026-12-24T18:00+01:00, days: [Sa], hours: '22:00-02:00'}"
    [route] = load(with_if(tmp_path, text + "\n    not_again_within: 7 days")).routes
    assert route.schedule == Schedule(
        begins="2026-12-01", until="2026-12-24T18:00+01:00", days=("Sa",), hours="22:00-02:00"
    )
    assert route.not_again_within == "7 days"


def test_an_expression_travels_with_the_brand_and_a_brand_without_has_the_version_that_it_had(tmp_path: Path) -> None:
    [plain] = [event for event in events_of(load(write(tmp_path)), 1, {}) if event.kind == "route"]
    assert "if" not in plain.body and "condition" not in plain.body
    [route] = load(with_if(tmp_path, "if: place.in_store")).routes
    assert route.expression == "place.in_store"
