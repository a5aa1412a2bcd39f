"""`footpath import` through the real gateway to a real Kafka: all is in once, every other line has a reason."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.ids import own_id_of
from schemas.topics import TOUCHPOINT_RECEIVED
from tests.support.demo_gateway import KEY, DemoGateway
from tests.support.hangs import HANG_S
from tests.support.randomness import unique_word
from tests.support.topic_reader import read


def click(number: int, campaign: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{campaign}-{number}",
        "type": "ad_click",
        "occurred_at": "2026-05-01T10:00:00Z",
        "campaign": campaign,
        "identifiers": [{"type": "customer", "value": f"c{number % 7}"}],
        "properties": {"n": number},
        **more,
    }


def file(folder: Path, events: list[Any], name: str = "events.jsonl") -> Path:
    content = b"".join(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n" for event in events)
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder / name


def start(gateway: DemoGateway, data: Path, *args: str, **more: Any) -> subprocess.Popen[str]:
    environment = os.environ | {
        "FOOTPATH_DATA": str(data),
        "FOOTPATH_GATEWAY": gateway.target.gateway,
        "FOOTPATH_API_KEY": KEY,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.cli.main", "import", *args],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def run(gateway: DemoGateway, data: Path, *args: str) -> tuple[int, str, str]:
    process = start(gateway, data, *args)
    out, err = process.communicate(timeout=HANG_S)
    return process.returncode, out, err


def recorded(gateway: DemoGateway, campaign: str) -> list[dict[str, Any]]:
    """The campaign's touchpoints on the topic: the sender's id, and the number that the event carried."""
    return [
        {
            "id": own_id_of(event.event_id),
            "n": json.loads(event.properties).get("n"),
        }
        for event in read(gateway, TOUCHPOINT_RECEIVED, ("test",))
        if event.campaign == campaign
    ]


@pytest.fixture
def campaign() -> str:
    return unique_word()


@pytest.fixture
def up(gateway: DemoGateway) -> Iterator[DemoGateway]:
    with gateway.running():
        yield gateway


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_everything_is_in_once(up: DemoGateway, tmp_path: Path, campaign: str, name: str) -> None:
    path = file(tmp_path, [click(number, campaign) for number in range(2500)], name)
    code, out, err = run(up, tmp_path, str(path))
    assert (code, err) == (0, "")
    assert out.startswith(f"{path}: read 2,500, accepted 2,500, duplicates 0, rejected 0; ")

    found = recorded(up, campaign)
    assert Counter(one["id"] for one in found) == Counter(f"{campaign}-{number}" for number in range(2500))

    code, out, _ = run(up, tmp_path, str(path))
    assert code == 0 and out.startswith(f"{path}: is imported already (2,500 events)")
    code, out, _ = run(up, tmp_path, "--again", str(path))
    assert code == 0 and "accepted 0, duplicates 2,500" in out


def test_lines_that_are_refused_are_kept_with_their_reason(up: DemoGateway, tmp_path: Path, campaign: str) -> None:
    path = file(
        tmp_path,
        [
            click(1, campaign),
            b"hello\n",
            b"\n",
            click(2, campaign, type="dance"),
            click(3, campaign, occurred_at="yesterday"),
            b"\xff\xff\n",
            click(4, campaign),
            click(5, campaign, identifiers=[]),
        ],
    )
    code, out, _ = run(up, tmp_path, str(path))
    assert code == 2
    assert "read 7, accepted 2, duplicates 0, rejected 5" in out and f"reasons in {path}.rejected.jsonl" in out
    kept = [json.loads(line) for line in Path(f"{path}.rejected.jsonl").read_text().splitlines()]
    assert [one["line"] for one in kept] == [2, 4, 5, 6, 8]
    for one, expected in zip(kept, ["no JSON", "type", "occurred_at", "UTF-8", "identifiers"], strict=True):
        assert expected in one["reason"]
    assert json.loads(kept[1]["text"])["type"] == "dance"
    assert len(recorded(up, campaign)) == 2


def test_events_without_ids_are_in_once_however_often_they_are_sent(
    up: DemoGateway, tmp_path: Path, campaign: str
) -> None:
    bare = [{k: v for k, v in click(number, campaign).items() if k != "event_id"} for number in range(600)]
    path = file(tmp_path, bare)
    for again in ((), ("--again",), ("--again",)):
        assert run(up, tmp_path, *again, str(path))[0] == 0
    assert len({one["id"] for one in recorded(up, campaign)}) == 600


def test_a_file_that_grew_goes_on_where_it_ended(up: DemoGateway, tmp_path: Path, campaign: str) -> None:
    path = file(tmp_path, [click(number, campaign) for number in range(10)])
    assert run(up, tmp_path, str(path))[0] == 0
    file(tmp_path, [click(number, campaign) for number in range(15)])
    _, out, _ = run(up, tmp_path, str(path))
    assert "read 15, accepted 15, duplicates 0" in out
    file(tmp_path, [click(number, campaign) for number in range(100, 103)])
    _, out, _ = run(up, tmp_path, str(path))
    assert "read 3, accepted 3, duplicates 0" in out, "another file of the same name begins anew"


def test_an_import_that_was_killed_goes_on(up: DemoGateway, tmp_path: Path, campaign: str) -> None:
    path = file(tmp_path, [b"nonsense\n", *(click(number, campaign) for number in range(30_000))])
    process = start(up, tmp_path, str(path))
    deadline = time.monotonic() + HANG_S
    while not list((tmp_path / "imports").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was in the middle"

    code, out, _ = run(up, tmp_path, str(path))
    assert code == 2 and "read 30,001" in out and "rejected 1;" in out
    assert len(Path(f"{path}.rejected.jsonl").read_text().splitlines()) == 1
    assert Counter(one["id"] for one in recorded(up, campaign)).keys() == {f"{campaign}-{n}" for n in range(30_000)}


def test_a_gateway_that_goes_away_is_waited_for(gateway: DemoGateway, tmp_path: Path, campaign: str) -> None:
    path = file(tmp_path, [click(number, campaign) for number in range(20_000)])
    with gateway.running() as first:
        process = start(gateway, tmp_path, str(path))
        deadline = time.monotonic() + HANG_S
        while not list((tmp_path / "imports").glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.01)
        first.kill()
    assert process.poll() is None
    with gateway.running():
        out, _ = process.communicate(timeout=HANG_S)
        assert process.returncode == 0 and "read 20,000" in out
    assert {one["id"] for one in recorded(gateway, campaign)} == {f"{campaign}-{number}" for number in range(20_000)}


def test_standard_input(up: DemoGateway, tmp_path: Path, campaign: str) -> None:
    process = start(up, tmp_path, "-", stdin=subprocess.PIPE)
    text = "".join(json.dumps(click(number, campaign)) + "\n" for number in range(700)) + "nonsense\n"
    out, _ = process.communicate(text, timeout=HANG_S)
    assert process.returncode == 2 and "read 701, accepted 700" in out
    assert json.loads((tmp_path / "imports" / "stdin.rejected.jsonl").read_text())["line"] == 701


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(gzip.compress(b"{}\n" * 9999)[:40]), "is damaged after line "),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_in_one_line(
    up: DemoGateway, tmp_path: Path, prepare: Any, expected: str
) -> None:
    prepare(tmp_path / "events")
    code, out, err = run(up, tmp_path, str(tmp_path / "events"))
    assert (code, out) == (1, "")
    assert expected in err and err.startswith("footpath: ") and len(err.splitlines()) == 1
