"""What a brand may say of referrals and surveys, and what its check refuses."""

from pathlib import Path

import pytest

from schemas.brand.load import BrandError, load
from tests.support.brand_files import YAML, write

REFERRAL = "referral:\n  - {id: friends, version: 1, tag: shelf-1, referrer_points: 100%s}\n"
SURVEY = """\
surveys:
  - id: taste%s
    questions:
      - {id: milk, kind: choice, text: Which milk?, choices: {cow: Cow, oat: Oat}}
      - {id: again, kind: nps, text: Again?%s}
"""


def refused(folder: Path, text: str) -> str:
    write(folder, YAML + text)
    with pytest.raises(BrandError) as error:
        load(folder)
    return "\n".join(map(str, error.value.problems))


def test_a_brand_may_have_both(tmp_path: Path) -> None:
    write(tmp_path, YAML + REFERRAL % "" + SURVEY % ("", ""))
    brand = load(tmp_path)
    assert brand.referral["friends"].per_year == 12 and len(brand.surveys["taste"].questions) == 2
    assert brand.referral["friends"].minimum_micros == 0


def test_a_brand_without_them_keeps_its_version(tmp_path: Path) -> None:
    plain = load(write(tmp_path)).version
    assert load(write(tmp_path, YAML + "referral: []\nsurveys: []\n")).version == plain
    assert load(write(tmp_path, YAML + REFERRAL % "")).version != plain


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (", tag: shelf-2", "tag"),
        (", on: []", "must name the kinds of events"),
        (", on: [return]", "cannot be a return"),
        (", on: [nothing]", "no kind of touchpoint is called 'nothing'"),
        (", minimum: -1", "is no amount from 0"),
        (", minimum: .nan", "minimum"),
        (", minimum: 5, on: [event_checkin]", "alone has an amount"),
        (", window_days: 0", "are no days from 1"),
        (", return_days: -1", "are no days from 0"),
        (", return_days: 100000", "are no days from 0"),
        (", per_year: 0", "is not from 1 to 50"),
        (", per_household: 99", "is not from 1 to 50"),
        (", friend_points: -5", "is not between 0"),
        (", version: 99999999999", "version"),
        ("}\n  - {id: others, version: 1, tag: shelf-1, referrer_points: 1", "a brand has one"),
    ],
)
def test_a_programme_that_cannot_be_is_refused(tmp_path: Path, more: str, message: str) -> None:
    if "tag:" in more and "id:" not in more:
        text = "referral:\n  - {id: friends, version: 1, referrer_points: 100, tag: shelf-2}\n"
    else:
        text = REFERRAL % more
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("survey", "question", "message"),
    [
        ("\n    placements: [moon]", "", "no placement is called 'moon'"),
        ("\n    purpose: identity", "", "no purpose of questions is called"),
        ("\n    if: behaviour.visits", "", "a condition must be true or false"),
        ("\n    pause: soon", "", "is no time such as 7 days"),
        ("\n    not_again_within: 9000 days", "", "is no time such as 7 days"),
        ("\n    asked_again_after: never", "", "is no time such as 7 days"),
        ("", ", value: 0", "is not above 0"),
        ("", ", value: .inf", "is not above 0"),
        ("", ", value: .nan", "is not above 0"),
        ("", ", choices: {a: A, b: B}", "belong to kind: choice"),
        ("", ", texts: {fr: {text: Encore}}", "brand.languages has no 'fr'"),
        ("", "}\n      - {id: milk, kind: text, text: Again?", "is a question of taste already"),
        ("", "}\n      - {id: one, kind: choice, text: Which?, choices: {a: A}", "2 to 10 are possible"),
        ("", "}\n      - {id: loud, kind: scale, text: How?, least: 5, most: 5", "upwards"),
        ("", "}\n      - {id: loud, kind: scale, text: How?, most: 11", "upwards"),
        ("", "}\n      - {id: empty, kind: text, text: ' '", "is no text of 1 to 200"),
        ("", "}\n      - {id: 'a b', kind: text, text: How?", "must be 1 to 100 letters"),
    ],
)
def test_a_survey_that_cannot_be_is_refused(tmp_path: Path, survey: str, question: str, message: str) -> None:
    assert message in refused(tmp_path, SURVEY % (survey, question))


def test_nobody_else_is_called_like_the_gateway_s_scans(tmp_path: Path) -> None:
    key = f'api_keys:\n  - {{id: scan, hash: "sha256:{"0" * 64}", scopes: ["events:write"]}}\n'
    assert "is the source of the scans" in refused(tmp_path, key)
