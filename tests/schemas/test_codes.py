"""The codes of countries and currencies that brands and events may use."""

from importlib.resources import files

from schemas.countries import COUNTRIES
from schemas.currencies import MINOR_UNITS


def test_countries_are_those_that_the_tz_database_lists() -> None:
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    assert {line.split("\t")[0] for line in lines if not line.startswith("#")} == COUNTRIES


def test_currencies_have_the_decimals_of_their_minor_unit() -> None:
    assert (MINOR_UNITS["EUR"], MINOR_UNITS["JPY"], MINOR_UNITS["KWD"], MINOR_UNITS["CLF"]) == (2, 0, 3, 4)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in MINOR_UNITS)
    assert not MINOR_UNITS.keys() & {"XXX", "XTS", "XAU", "DEM", "HRK", "E1R"}
