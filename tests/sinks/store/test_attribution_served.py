"""One view answers for every model: rules are worked out when they are asked, data-driven runs are looked up."""

from uuid import UUID

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import Store

RUN = UUID(uid("run"))
PERIOD = "lookback_days=90, since='2026-01-01', until='2027-01-01'"


def keep_run(store: Store, skilled: bool = True, by: str = "channel") -> None:
    client = store.client
    client.command("TRUNCATE TABLE attribution_run")
    client.command(f"INSERT INTO attribution_credit VALUES ('{RUN}', 'poster', 0.75, 9, 0.5, 3)")
    client.command(
        "INSERT INTO attribution_run (run_id, computed_at, model, by, lookback_days, since, until, skilled) VALUES "
        f"('{RUN}', now64(6), 'markov_1', '{by}', 90, '2026-01-01', '2027-01-01', {skilled})"
    )


def test_a_run_is_served_without_reading_touches(store: Store) -> None:
    store.put(touchpoint(uid(f"{n}"), f"person {n}", "scan", "2026-03-01") for n in range(500))
    store.put(touchpoint(uid(f"sale {n}"), f"person {n}", "sale", "2026-03-02", amount="1") for n in range(500))
    keep_run(store)
    query = f"SELECT * FROM attribution(model='markov_1', {PERIOD})"
    assert store.ask(query) == [("poster", 0.75, 9.0)]
    assert int(store.client.query(query).summary["read_rows"]) < 100
    assert store.ask(f"SELECT * FROM attribution(model='last', {PERIOD})") == [("scan", 500.0, 500.0)]


def test_a_run_answers_only_the_question_that_it_was_asked(store: Store) -> None:
    keep_run(store, by="campaign")
    query = f"SELECT value FROM attribution_by(by='campaign', model='markov_1', {PERIOD})"
    assert store.ask(query) == [("poster",)]
    for other in (query.replace("campaign", "tag"), query.replace("90", "89"), query.replace("2027", "2028")):
        with pytest.raises(DatabaseError, match="run: footpath attribute --model markov_1 --by "):
            store.ask(other)
    assert store.ask(query.replace("'2026-01-01'", "'2026-01-01 00:00:00'")) == [("poster",)]


def test_a_model_without_skill_gives_no_credits_but_says_so(store: Store) -> None:
    keep_run(store, skilled=False)
    with pytest.raises(DatabaseError, match="no better than chance"):
        store.ask(f"SELECT * FROM attribution(model='markov_1', {PERIOD})")


@pytest.mark.parametrize("view", ["attribution_by", "path_in_window"])
def test_an_unknown_dimension_is_an_error_that_lists_all(store: Store, view: str) -> None:
    model = "model='last', " if view == "attribution_by" else ""
    with pytest.raises(
        DatabaseError, match="by must be channel, campaign, placement, store, tag or campaign_placement"
    ):
        store.ask(f"SELECT * FROM {view}(by='colour', {model}{PERIOD})")


@pytest.mark.parametrize(
    ("since", "until", "paths"),
    [
        ("2026-03-01", "2026-03-03", ["open", "sold"]),
        ("2026-03-01", "2026-03-02 12:00:00", ["open"]),
        ("2026-03-02 12:00:00", "2026-03-03", ["sold"]),
        ("2026-03-02 12:00:00.000001", "2026-03-03", []),
    ],
)
def test_a_path_belongs_to_the_period_in_which_it_ends(store: Store, since: str, until: str, paths: list[str]) -> None:
    store.put(
        [
            touchpoint(uid("1"), "sold", "scan", "2026-02-01", channel="sold"),
            touchpoint(uid("2"), "sold", "sale", "2026-03-02 12:00:00", amount="1"),
            touchpoint(uid("3"), "open", "scan", "2026-03-01", channel="open"),
        ]
    )
    query = f"SELECT steps[1] FROM path_in_window(by='channel', lookback_days=90, since='{since}', until='{until}')"
    assert sorted(step for (step,) in store.ask(query)) == paths
