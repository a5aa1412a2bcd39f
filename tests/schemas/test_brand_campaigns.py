"""The section campaigns: when a campaign runs, and what the check refuses."""

from datetime import datetime
from pathlib import Path

import pytest

from schemas.brand.campaigns import Campaign
from schemas.brand.load import BrandError, load

YAML = """
brand: {{id: b, name: B, currency: EUR, country: DE, fallback: https://shop.example, destinations: [https://shop.example]}}
campaigns:
  - {campaign}
"""
WRONG = {
    "id: tea, start: soon": "start: 'soon' is no date or time such as 2026-12-01",
    "id: tea, start: '2026-03-01'": "zone: must name the clock of 2026-03-01",
    "id: tea, zone: Europe/Berlyn": "zone: no time zone 'Europe/Berlyn'; did you mean 'Europe/Berlin'?",
    "id: tea, zone: UTC, start: '2026-03-02', end: '2026-03-01'": "end: 2026-03-01 is not after 2026-03-02",
    "id: tea, budget_points: -1": "budget_points: -1 must be from 0 to 1000000000000",
    "id: tea, budget_points: 10000000000000": "budget_points: 10000000000000 must be from 0 to",
    "id: tea/green": "id: must be 1 to 100 letters",
}


def micros(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize("campaign", WRONG)
def test_the_check_says_what_is_wrong(tmp_path: Path, campaign: str) -> None:
    (tmp_path / "brand.yaml").write_text(YAML.format(campaign="{" + campaign + "}"))
    with pytest.raises(BrandError) as found:
        load(tmp_path)
    assert any(WRONG[campaign] in mistake for mistake in str(found.value).splitlines()), str(found.value)


def test_dates_are_days_of_the_zone_and_the_last_one_counts() -> None:
    spring = Campaign(id="spring", start="2026-03-01", end="2026-03-31", zone="Europe/Berlin")
    assert spring.period == (micros("2026-03-01T00:00+01:00"), micros("2026-04-01T00:00+02:00"))
    assert spring.runs_at(micros("2026-03-31T23:59+02:00"))
    assert not spring.runs_at(micros("2026-04-01T00:00+02:00"))
    assert not spring.runs_at(micros("2026-02-28T23:59+01:00"))


def test_a_time_with_an_offset_needs_no_zone_and_a_campaign_without_dates_always_runs() -> None:
    noon = Campaign(id="noon", start="2026-03-01T12:00+01:00")
    assert not list(noon.mistakes(None))  # type: ignore[arg-type]
    assert noon.period == (micros("2026-03-01T11:00+00:00"), None)
    assert Campaign(id="ever").runs_at(0)
