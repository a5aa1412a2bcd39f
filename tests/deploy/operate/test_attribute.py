"""Data-driven attribution from the command line: progress, a table that says where to ask again, one line of error."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sinks.store.migrate import migrate
from tests.support.command_line import footpath
from tests.support.servers import start_clickhouse
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)


def attribute(*args: str, clickhouse: str) -> subprocess.CompletedProcess[str]:
    return footpath("attribute", *args, FOOTPATH_CLICKHOUSE=clickhouse)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ann clicks, scans and buys; Bob scans only; 20 more people scan 20 tags and leave."""
    part = start_clickhouse(tmp_path_factory.mktemp("attribute"))
    migrate(part.url)
    store = Store(part)
    store.put(
        [
            touchpoint(uid("click"), "ann", "ad_click", START, channel="search", campaign="spring"),
            touchpoint(uid("scan"), "ann", "scan", START + timedelta(hours=1), placement="door", campaign="spring"),
            touchpoint(uid("sale"), "ann", "sale", START + timedelta(hours=2), amount="30.50"),
            touchpoint(uid("other scan"), "bob", "scan", START + timedelta(hours=3)),
            *(touchpoint(uid(f"{n}"), f"{n}", "scan", START + timedelta(days=9), tag=f"tag {n:02}") for n in range(20)),
        ]
    )
    yield store
    part.stop()


def test_a_model_is_run_shown_and_served(store: Store) -> None:
    period = ("--since", "2026-03-01", "--until", "2026-03-02")
    done = attribute("--model", "markov_1", "--model", "shapley", *period, clickhouse=store.part.url)
    assert done.returncode == 0, done.stderr
    assert "markov_1 by channel: 1 conversions of 2 paths, revenue 30.50, base rate 50.0000%" in done.stdout
    assert "markov_1: reading the paths" in done.stderr and "shapley: writing the run" in done.stderr
    queries = [line for line in done.stdout.splitlines() if line.startswith("SELECT")]
    assert len(queries) == 2
    assert dict((value, pytest.approx(part)) for value, part, _ in store.ask(queries[1])) == {
        "search": 0.5,
        "scan": 0.5,
    }
    assert [sum(column) for column in zip(*(row[1:] for row in store.ask(queries[0])), strict=True)] == [1.0, 30.5]


def test_json_has_every_run_with_its_credits(store: Store) -> None:
    done = attribute("--model", "markov_2", "--by", "campaign_placement", "--json", clickhouse=store.part.url)
    (run,) = json.loads(done.stdout)
    assert (run["model"], run["by"], run["since"], run["paths"]) == ("markov_2", "campaign_placement", "1970-01-01", 22)
    assert run["detail"]["order"] == 2 and run["skilled"] is True
    found = {one["value"]: one["conversions"] for one in run["credits"]}
    assert found.keys() == {"spring\x1f", "spring\x1fdoor", "\x1f"}
    assert sum(found.values()) == pytest.approx(1)
    known = store.ask(f"SELECT value, conversions FROM attribution_credit_latest WHERE run_id = '{run['run_id']}'")
    assert dict(known) == found


def test_a_model_without_skill_has_no_credits_and_ends_with_two(store: Store) -> None:
    done = attribute("--model", "predictive", clickhouse=store.part.url)
    assert done.returncode == 2, done.stderr
    assert "no credits: of 13 training paths 1 convert" in done.stdout and "SELECT" not in done.stdout
    assert "base rate" not in done.stdout, "a model that was not tested claims nothing"
    (run,) = json.loads(attribute("--model", "predictive", "--json", clickhouse=store.part.url).stdout)
    assert (run["base_rate"], run["credits"], run["skilled"]) == (None, [], False)
    assert store.one("SELECT skilled FROM attribution_run_latest WHERE model = 'predictive'") is False


def test_all_leaves_out_who_cannot_answer_and_says_so(store: Store) -> None:
    done = attribute("--model", "all", "--by", "tag", "--json", clickhouse=store.part.url)
    assert [run["model"] for run in json.loads(done.stdout)] == [
        "markov_1", "markov_2", "markov_3", "shapley", "predictive",
    ]  # fmt: skip
    assert "left out: shapley_rate: tag has 21 values" in done.stderr
    alone = attribute("--model", "shapley_rate", "--by", "tag", clickhouse=store.part.url)
    assert alone.returncode == 1 and alone.stdout == ""
    assert "footpath: shapley_rate: tag has 21 values" in alone.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("args", "messages"),
    [
        (("--model", "markov_1", "--since", "soon"), "--since soon is no date or time"),
        (("--model", "markov_1", "--since", "2030-01-01"), "none of 0 paths converts"),
        (("--model", "markov_1", "--by", "person"), "--by"),
        (("--model", "markov_1", "--lookback-days", "0"), "--lookback-days"),
        ((), "--model"),
    ],
)
def test_what_an_analyst_can_correct_is_reported(store: Store, args: tuple[str, ...], messages: str) -> None:
    done = attribute(*args, clickhouse=store.part.url)
    shown = " ".join((done.stderr + done.stdout).replace("│", " ").split())
    assert done.returncode == 1 and messages in shown and "Traceback" not in shown
