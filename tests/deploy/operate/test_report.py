"""footpath report: what it says while it works, and when it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.report import report
from schemas.process.errors import OperatorError
from sinks.analysis.report.section import Scope
from sinks.analysis.report.write import Written


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Calls of the writer, which here has no store: scope, title and folder of each."""
    calls: list[tuple[Any, ...]] = []

    @contextmanager
    def connect(environ: Any) -> Iterator[object]:
        yield object()

    def write(client: Any, sections: Any, scope: Scope, title: str, folder: Path, began: Any) -> Written:
        calls.append((scope, title, folder))
        folder.mkdir(exist_ok=True)
        began("What is it?")
        few = title == "few"
        return Written(folder / "report.html", 1 if few else 3, 1 if few else 2, ("money-roi",) * (title == "refused"))

    monkeypatch.setattr("deploy.operate.store_client.connect", connect)
    monkeypatch.setattr("sinks.analysis.report.write.write", write)
    return calls


def test_the_period_is_passed_on_in_the_very_words_that_were_given(
    asked: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(tmp_path, since="2026-03-01", until="2026-03-01T12:30:00", lookback_days=30, title="Spring") == 0
    assert report(tmp_path) == 0
    assert asked == [
        (Scope("2026-03-01", "2026-03-01T12:30:00", 30), "Spring", tmp_path),
        (Scope("1970-01-01", "2106-01-01", 90), "Footpath report", tmp_path),
    ]
    printed = capsys.readouterr()
    line = f"{tmp_path / 'report.html'}: 3 charts; 2 questions have nothing to show yet\n"
    assert (printed.out, printed.err) == (line * 2, "What is it?\n" * 2)
    assert report(tmp_path, title="few") == 0
    assert capsys.readouterr().out.endswith(": 1 chart; 1 question has nothing to show yet\n")


def test_a_query_that_the_store_refuses_is_named_and_the_code_is_two(
    asked: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(tmp_path, title="refused") == 2
    assert "ClickHouse refused the query of money-roi; the page says why" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"since": "yesterday"}, "--since yesterday is no date or time; write 2026-03-31"),
        ({"since": "2026-03-01' OR 1"}, "is no date or time"),
        ({"until": "2026-03-01 Europe/Nowhere"}, "--until 2026-03-01 Europe/Nowhere: there is no time zone"),
        ({"until": "04/05/2026"}, "--until 04/05/2026 is no date or time"),
        ({"since": "2026-03-01", "until": "2026-03-01"}, "--since 2026-03-01 must lie before --until 2026-03-01"),
        ({"lookback_days": 0}, "--lookback-days 0 must be from 1 to 36500"),
    ],
)
def test_a_period_that_cannot_be_is_refused_before_anything_is_asked(
    options: dict[str, Any], expected: str, asked: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    with pytest.raises(OperatorError, match=expected):
        report(tmp_path, **options)
    assert asked == []


def test_a_folder_that_is_a_file_is_refused(asked: list[tuple[Any, ...]], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="file cannot be written to: "):
        report(tmp_path / "file")


def test_a_store_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOOTPATH_CLICKHOUSE", "http://127.0.0.1:1")
    with pytest.raises(OperatorError, match="FOOTPATH_CLICKHOUSE: ClickHouse does not answer"):
        report(tmp_path)
    assert list(tmp_path.iterdir()) == []
