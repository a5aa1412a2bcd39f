"""Opening hours: public holidays of the store's region, the sun of its place, and what is unknown stays unknown."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.brand.holiday_check import holiday_mistakes
from schemas.brand.load import BrandError, load
from schemas.brand.opening import Hours, is_open
from schemas.brand.opening_check import opening_mistakes
from schemas.countries import COUNTRIES
from tests.support.brand_files import YAML, write
from tests.support.histories import lawful

BERLIN = (52.52, 13.405)


def hours(
    text: str,
    country: str = "DE",
    region: str = "",
    coordinates: tuple[float, float] | None = None,
    zone: str = "Europe/Berlin",
) -> Hours:
    return Hours(text, zone, country, region, coordinates)


@pytest.mark.parametrize(
    ("where", "moment", "expected"),
    [
        # Panama's independence from Spain, and the days around it.
        (hours("24/7; PH off", "PA", zone="America/Panama"), "2026-11-27T12:00", True),
        (hours("24/7; PH off", "PA", zone="America/Panama"), "2026-11-28T12:00", False),
        (hours("24/7; PH off", "PA", zone="America/Panama"), "2026-11-29T12:00", True),
        # Epiphany is a holiday in Bavaria and not in Berlin, Christmas in both.
        (hours("24/7; PH off", region="BY"), "2026-01-06T12:00", False),
        (hours("24/7; PH off", region="BE"), "2026-01-06T12:00", True),
        (hours("24/7; PH off", region="BE"), "2026-12-25T12:00", False),
        # Whoever opens on a holiday closes after its midnight.
        (hours("PH 22:00-03:00", "PT", "11", zone="Europe/Lisbon"), "2026-12-25T12:00", False),
        (hours("PH 22:00-03:00", "PT", "11", zone="Europe/Lisbon"), "2026-12-25T23:00", True),
        (hours("PH 22:00-03:00", "PT", "11", zone="Europe/Lisbon"), "2026-12-26T02:00", True),
        (hours("PH 22:00-03:00", "PT", "11", zone="Europe/Lisbon"), "2026-12-26T04:00", False),
        # A holiday beside weekdays, two holidays in a row, and words that are no holiday.
        (hours("Su,PH 10:00-12:00", region="BE"), "2026-12-25T11:00", True),
        (hours("Su,PH 10:00-12:00", region="BE"), "2026-12-26T11:00", True),
        (hours("Su,PH 10:00-12:00", region="BE"), "2026-12-24T11:00", False),
        (hours('10:00-12:00 open "PH too"', region="BE"), "2026-12-25T11:00", True),
        # What nobody knows.
        (hours('24/7 unknown "ring the bell"'), "2026-03-02T12:00", None),
        (hours('Mo-Fr 08:00-12:00; Sa "by appointment"'), "2026-03-07T12:00", None),
        (hours('Mo-Fr 08:00-12:00; Sa "by appointment"'), "2026-03-08T12:00", False),
        (hours('"by appointment"'), "2026-03-08T12:00", None),
        (hours('Mo-Fr 08:00-12:00 open "ring"; Sa off "no"'), "2026-03-06T11:00", True),
        (hours('Mo-Fr 08:00-12:00 open "ring"; Sa off "no"'), "2026-03-07T11:00", False),
        # The sun of Berlin rises at 4:43 in June and at 8:14 in December; that of Sydney the other way round.
        (hours("sunrise-sunset", coordinates=BERLIN), "2026-06-21T04:40", False),
        (hours("sunrise-sunset", coordinates=BERLIN), "2026-06-21T04:50", True),
        (hours("sunrise-sunset", coordinates=BERLIN), "2026-12-21T08:10", False),
        (hours("sunrise-sunset", coordinates=BERLIN), "2026-12-21T08:20", True),
        (hours("sunrise-sunset", "AU", "", (-33.87, 151.21), "Australia/Sydney"), "2026-06-21T06:30", False),
        (hours("sunrise-sunset", "AU", "", (-33.87, 151.21), "Australia/Sydney"), "2026-12-21T06:30", True),
        # Hours that no check lets through, from an older version of a brand.
        (hours("24/7; PH off", "XX"), "2026-03-02T12:00", None),
        (hours("Mo-Fr 8 to 8"), "2026-03-02T12:00", None),
    ],
)
def test_a_store_is_open_closed_or_nobody_knows(where: Hours, moment: str, expected: bool | None) -> None:
    assert is_open(where, datetime.fromisoformat(moment)) is expected


def faults(where: Hours, store_country: str = "") -> list[tuple[str, str]]:
    return list(opening_mistakes(where, store_country))


@pytest.mark.parametrize(
    ("where", "field", "message"),
    [
        (hours("   "), "hours", "when the store is open"),
        (hours("24/7; " * 500), "hours", "2000 is the most"),
        (hours("24/7; SH off"), "hours", "school holidays"),
        (hours("24/7; PH off"), "hours", "give the store's region, e.g. BB"),
        (hours("24/7; PH off", region="BX"), "region", "no region 'BX' in DE"),
        (hours("24/7", region="BX"), "region", "no region 'BX' in DE"),
        (hours("24/7; PH off", zone="Europe/Lisbon"), "hours", "Europe/Lisbon is in PT"),
        (hours("24/7; PH off", "XX", zone="UTC"), "hours", "not known"),
        (hours("24/7; PH -1 day off", region="BE"), "hours", "before or after a public holiday"),
        (hours("PH Mo-Fr 10:00-12:00", region="BE"), "hours", "joined by a comma"),
        (hours("sunrise-sunset"), "hours", "give the store's coordinates"),
        (hours("dusk-23:00", coordinates=(69.6, 18.9)), "hours", "beyond 65 degrees"),
        (hours("24/7", coordinates=(95.0, 13.4)), "coordinates", "latitude (-90 to 90)"),
        (hours("24/7", coordinates=(13.4, 152.5)), "coordinates", "latitude comes first"),
        (hours("24/7", coordinates=(float("nan"), 13.4)), "coordinates", "latitude (-90 to 90)"),
        (hours("(sunset+20:44)-29:00", coordinates=BERLIN), "hours", "cannot be worked out"),
    ],
)
def test_hours_that_the_stream_could_not_work_out_are_refused(where: Hours, field: str, message: str) -> None:
    assert any(at == field and message in text for at, text in faults(where)), faults(where)


@pytest.mark.parametrize(
    "where",
    [
        hours("24/7"),
        hours("Mo-Fr 08:00-20:00; Sa,PH 10:00-14:00; Su off", region="BY"),
        hours("24/7; PH off", "PA", zone="America/Panama"),
        hours("(sunrise+01:00)-(sunset-00:30)", coordinates=BERLIN),
        hours('Mo-Fr 08:00-20:00; Dec 24 08:00-12:00; easter off; week 1-10/2 Sa 10:00-12:00 "PH or not"'),
    ],
)
def test_hours_that_can_be_worked_out_are_accepted(where: Hours) -> None:
    assert faults(where) == []


def test_a_store_of_another_country_says_so(tmp_path: Path) -> None:
    lisbon = YAML.replace(
        'Europe/Berlin, hours: "Mo-Fr 08:00-20:00"', 'Europe/Lisbon, hours: "24/7; PH off", country: PT, region: PT-11'
    )
    assert load(write(tmp_path, lisbon)).stores["mitte"].region == "PT-11"
    with pytest.raises(BrandError, match=r"stores|store mitte\.hours"):
        load(write(tmp_path, lisbon.replace(", country: PT, region: PT-11", "")))


def test_every_country_has_an_answer_about_its_holidays() -> None:
    for country in sorted(COUNTRIES):
        for _, message in holiday_mistakes("24/7; PH off", hours("24/7; PH off", country, zone="UTC"), country):
            assert "not known" in message or "give the store's region" in message


clocks = st.one_of(
    st.sampled_from(["sunrise", "sunset", "dawn", "dusk"]),
    st.builds("{:02}:{:02}".format, st.integers(0, 48), st.sampled_from([0, 1, 30, 59])),
    st.builds("({}{}{:02}:{:02})".format, st.sampled_from(["sunset", "dusk", "dawn"]), st.sampled_from("+-"),
              st.integers(0, 24), st.integers(0, 59)),
)  # fmt: skip
days = st.sampled_from(["", "Mo-Fr", "PH", "Su,PH", "Dec 24-Jan 02", "week 1-53/2 Sa", "easter", "Fr-Mo", "2027"])
states = st.sampled_from(["", " off", " unknown", ' "call us"', " open"])
rules = st.builds("{} {}-{}{}".format, days, clocks, clocks, states)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2105, 12, 31))


@lawful
@given(st.lists(rules, min_size=1, max_size=3).map("; ".join), MOMENTS)
def test_whatever_the_hours_a_scan_gets_an_answer_about_them(text: str, moment: datetime) -> None:
    where = hours(text, region="BY", coordinates=BERLIN)
    if not faults(where):
        assert is_open(where, moment) in (True, False, None)
    assert is_open(where, moment) in (True, False, None)
