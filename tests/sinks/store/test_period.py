"""Periods as analysts write them: read alike by the view and by commands, and refused with a reason when they make no
sense, by every view that takes one."""

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from sinks.analysis.period import parse_period
from tests.support.sink_store import Store

READ = {
    "2026-03-01": "2026-03-01 00:00:00.000000",
    "2026-03-01 18:30": "2026-03-01 18:30:00.000000",
    "2026-03-01T18:30:05.25Z": "2026-03-01 18:30:05.250000",
    "2026-03-01T00:00+05:30": "2026-02-28 18:30:00.000000",
    "2026-03-01 Europe/Berlin": "2026-02-28 23:00:00.000000",
    "2026-07-01 09:00 America/Port-au-Prince": "2026-07-01 13:00:00.000000",
    "2026-07-01 Etc/GMT+2": "2026-07-01 02:00:00.000000",
}
REFUSED = {
    "01/02/2014": "no date or time",
    "2026-02-30": "no date or time",
    "2026-01-01 24:00": "no date or time",
    "yesterday": "no date or time",
    "": "no date or time",
    "2026-03-01 Europe/Nowhere": "time zone Europe/Nowhere",
}
VIEWS = (
    "attribution(model='linear', lookback_days={days}, since='{since}', until='{until}')",
    "attribution_by(by='store', model='last', lookback_days={days}, since='{since}', until='{until}')",
    "attribution_rule(by='channel', model='linear', wanted=1, lookback_days={days}, since='{since}', until='{until}')",
    "path_in_window(by='channel', lookback_days={days}, since='{since}', until='{until}')",
    "influence(by='placement', lookback_days={days}, since='{since}', until='{until}')",
    "campaign_value(model='linear', lookback_days={days}, since='{since}', until='{until}')",
    "uplift(horizon_days={days}, since='{since}', until='{until}')",
)
WRONG = (
    ({"since": "2014-02-01", "until": "2014-01-01"}, "since 2014-02-01 must lie before until 2014-01-01"),
    ({"since": "01/02/2014"}, "since must be a date or a time such as 2026-03-01"),
    ({"until": "02.01.2014"}, "until must be a date or a time such as 2026-03-01"),
    ({"days": "4294967296"}, "lookback_days and horizon_days must be from 0 to 150000"),
    ({"days": "213503983"}, "lookback_days and horizon_days must be from 0 to 150000"),
    ({"days": "-1"}, "lookback_days and horizon_days must be from 0 to 150000"),
)


@pytest.mark.parametrize("text", READ)
def test_a_time_is_the_same_for_the_view_and_for_commands(store: Store, text: str) -> None:
    read = store.one(f"SELECT toString(since) FROM period(since='{text}', until='2299-01-01', days=90)")
    assert read == READ[text] == f"{parse_period(text, '2299-01-01')[0]:%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_time_is_refused_by_both(store: Store, text: str) -> None:
    with pytest.raises(ValueError, match=f"^--until .*{REFUSED[text]}"):
        parse_period("1970-01-01", text)
    with pytest.raises(DatabaseError, match=r"until must be a date or a time|Cannot load time zone Europe/Nowhere"):
        store.ask(f"SELECT * FROM period(since='1970-01-01', until='{text}', days=90)")


@pytest.mark.parametrize(("wrong", "reason"), WRONG)
def test_every_view_refuses_a_period_that_makes_no_sense(store: Store, wrong: dict[str, str], reason: str) -> None:
    for view in VIEWS:
        asked = view.format(**({"since": "2014-01-01", "until": "2014-03-01", "days": "90"} | wrong))
        with pytest.raises(DatabaseError, match=reason):
            store.ask(f"SELECT * FROM {asked}")


def test_an_unknown_model_is_refused_by_the_view_of_rules_too(store: Store) -> None:
    asked = VIEWS[2].format(since="2014-01-01", until="2014-03-01", days=90).replace("linear", "lineer")
    with pytest.raises(DatabaseError, match="model must be first, last"):
        store.ask(f"SELECT * FROM {asked}")
