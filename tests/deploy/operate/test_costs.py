"""`footpath costs`: every row of a CSV file is a cost once, or in the file of rejects with its line and reason."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.costs.rows import Costs, RejectedRow
from deploy.operate.importer.lines import Line
from schemas.events import CostReported
from schemas.process.errors import OperatorError
from schemas.topics import COST_REPORTED
from tests.support.demo_gateway import KEY, DemoGateway
from tests.support.hangs import HANG_S
from tests.support.randomness import unique_word
from tests.support.topic_reader import read

SAME = "has the same day, campaign, channel, placement and store as line 2: add them up in one row"
HEADER = "day,campaign,channel,placement,store,amount,currency\n"


def events(text: str) -> list[dict[str, Any]]:
    found = [event for _, event in Costs(text.splitlines(keepends=True), "costs.csv")]
    return [json.loads(event.text) for event in found if isinstance(event, Line)]


def rejected(text: str) -> list[tuple[int, str]]:
    found = [event for _, event in Costs(text.splitlines(keepends=True), "costs.csv")]
    return [(event.row.line, event.reason) for event in found if isinstance(event, RejectedRow)]


def test_a_row_is_a_statement_of_its_day() -> None:
    (event,) = events(HEADER + '2026-03-01,"spring, early",print,poster,mitte, 1234.50 ,EUR\n')
    del event["event_id"]
    assert event == {
        "type": "cost_reported",
        "occurred_at": "2026-03-01T00:00:00Z",
        "campaign": "spring, early",
        "channel": "print",
        "placement": "poster",
        "store": "mitte",
        "properties": {"amount": "1234.50", "currency": "EUR"},
    }


def test_columns_come_in_any_order_and_only_some_are_needed() -> None:
    (event,) = events("amount,Day,campaign\n\n7,2026-03-01,spring\n")
    assert event["properties"] == {"amount": "7"} and "placement" not in event


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("03/01/2026,spring,,,,1,EUR", "day: '03/01/2026' is not a day such as 2026-03-01"),
        ("2026-02-30,spring,,,,1,EUR", "day: '2026-02-30' is not a day such as 2026-03-01"),
        ("20260301,spring,,,,1,EUR", "day: '20260301' is not a day such as 2026-03-01"),
        ("2026-03-01, ,,,,1,EUR", "campaign: is missing"),
        ("2026-03-01,spring,,,,,EUR", "amount: is missing"),
        ("2026-03-01,spring,,,1,EUR", "has 6 fields, and the header 7"),
        ("2026-03-01,spr\udcffing,,,,1,EUR", "is not valid UTF-8"),
        ("2026-03-09,spring,,,,2,EUR", SAME),
    ],
)  # fmt: skip
def test_a_wrong_row_is_reported_with_its_line_and_column(row: str, reason: str) -> None:
    first, last = "2026-03-09,spring,,,,1,EUR\n", "2026-03-10,spring,,,,1,EUR\n"
    assert rejected(f"{HEADER}{first}{row}\n{last}") == [(3, reason)]
    assert len(events(f"{HEADER}{first}{row}\n{last}")) == 2


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "it has no day"),
        ("2026-03-01,spring,,,,1,EUR\n", "the first line must be a header with day, campaign"),
        ("day;campaign;amount\n", "separated by commas"),
        ("day,campaign,costs\n", "it has no amount"),
        ("day,campaign,amount,clicks\n", "no column is called 'clicks'"),
        ("day,campaign,amount,day\n", "has day twice"),
    ],
)
def test_a_header_that_is_none_is_refused(header: str, expected: str) -> None:
    with pytest.raises(OperatorError, match=r"^costs\.csv: ") as refused:
        Costs([header] if header else [], "costs.csv")
    assert expected in str(refused.value)


def test_a_quote_that_never_ends_loses_no_row_in_silence() -> None:
    text = HEADER + '2026-03-01,"spring,,,,1,EUR\n' + "2026-03-02,spring,,,,1,EUR\n" * 3
    assert rejected(text) == [(2, "has 2 fields, and the header 7")]
    ((row, _),) = Costs(text.splitlines(keepends=True), "costs.csv")
    assert "".join(row.fields).count("2026-03-02") == 3
    endless = HEADER + '2026-03-01,"' + "x" * 200_000 + "\n"
    ((row, why),) = Costs(endless.splitlines(keepends=True), "costs.csv")
    assert isinstance(why, RejectedRow) and "x" * 200_000 in row.fields[0]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=9), max_size=6))
def test_every_row_is_an_event_or_rejected_whatever_stands_in_it(rows: list[list[str]]) -> None:
    found = list(Costs([HEADER, *(",".join(row) + "\n" for row in rows)], "costs.csv"))
    for row, event in found:
        if isinstance(event, Line):
            assert json.loads(event.text)["campaign"] == row.fields[1].strip()
        else:
            assert event.row is row and event.reason


def run(gateway: DemoGateway, *args: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"FOOTPATH_GATEWAY": gateway.target.gateway, "FOOTPATH_API_KEY": KEY}
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli.main", "costs", *args],
        env=environment, text=True, capture_output=True, timeout=HANG_S,
    )  # fmt: skip


def stated(gateway: DemoGateway, campaign: str) -> dict[tuple[str, ...], int]:
    """What the topic holds of a campaign: the latest amount by place and day."""
    found: list[CostReported] = [e for e in read(gateway, COST_REPORTED, ("test",)) if e.campaign == campaign]
    return {(e.channel, e.placement, e.store, str(e.occurred_at // 86_400_000_000)): e.amount_micros for e in found}


def test_a_file_is_in_once_however_often_it_is_sent_and_a_later_one_corrects_it(
    gateway: DemoGateway, tmp_path: Path
) -> None:
    campaign, file = unique_word(), tmp_path / "costs.csv"
    good = f"2026-03-01,{campaign},print,poster,,100.25,EUR\n2026-03-02,{campaign},,,mitte,0.000001,\n"
    bad = f"2026-03-03,{campaign},,,,-1,EUR\n2026-03-04,{campaign},,,,1,USD\n\nyesterday,{campaign},,,,1,EUR\n"
    file.write_bytes(b"\xef\xbb\xbf" + (HEADER + good + bad).encode())
    wanted = {("print", "poster", "", "20513"): 100_250_000, ("", "", "mitte", "20514"): 1}
    with gateway.running():
        for _ in range(2):
            answer = run(gateway, str(file))
            assert answer.returncode == 2, answer.stderr
            assert answer.stdout == f"{file}: read 5, accepted 2, rejected 3; reasons in {file}.rejected.csv\n"
            assert stated(gateway, campaign) == wanted
        rejects = Path(f"{file}.rejected.csv")
        with rejects.open(newline="") as text:
            printed = list(csv.DictReader(text))
        assert [(row["line"], row["reason"].split(":")[0], row["amount"]) for row in printed] == [
            ("4", "amount", "-1"), ("5", "currency", "1"), ("7", "day", "1"),
        ]  # fmt: skip
        corrected = rejects.read_text().replace("-1", "5").replace("USD", "EUR").replace("yesterday", "2026-03-05")
        rejects.write_text(corrected)
        assert run(gateway, str(rejects)).returncode == 0
        assert not Path(f"{rejects}.rejected.csv").exists()
        assert len(stated(gateway, campaign)) == 5
        file.write_text(HEADER + good.replace("100.25", "120"))
        assert run(gateway, str(file)).returncode == 0
        assert stated(gateway, campaign)["print", "poster", "", "20513"] == 120_000_000


def test_what_stops_a_file_is_said_in_one_line(gateway: DemoGateway, tmp_path: Path) -> None:
    missing, headless = tmp_path / "missing.csv", tmp_path / "headless.csv"
    headless.write_text("2026-03-01,spring,1\n")
    for args, expected in (
        ((str(missing),), "No such file"),
        ((str(headless),), "must be a header"),
        ((), "needs a CSV"),
    ):
        answer = run(gateway, *args)
        assert answer.returncode == 1 and expected in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
