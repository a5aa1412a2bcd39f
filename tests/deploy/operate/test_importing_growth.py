"""A file that is imported again after it changed: every line counts once, wherever it stands by then.

The gateway is a small real HTTP server that accepts everything; what counts is the number of different ids that it got.
"""

import asyncio
import gzip
import hashlib
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.operate.importer import checkpoint
from deploy.operate.importer.batches import BOM
from deploy.operate.importer.checkpoint import Checkpoint
from deploy.operate.importer.run import Summary, import_file
from deploy.target import Target
from schemas.ids import derived


def sale(number: int, amount: str = "10") -> bytes:
    return b'{"type":"sale","occurred_at":"2026-03-01T10:00:%02dZ","properties":{"amount":"%s"}}' % (
        number % 60,
        amount.encode(),
    )


A, B, C = sale(1), sale(2), sale(3)


def imported(*versions: bytes, again: bool = False, folder: Path | None = None) -> tuple[Counter[bytes], list[Summary]]:
    """Imports each version of a file in turn: how often each text was sent under another id, and what was reported."""
    ids: set[tuple[str, bytes]] = set()

    async def take(request: web.Request) -> web.StreamResponse:
        events: list[dict[str, Any]] = json.loads(await request.text())["events"]
        ids.update((event.pop("event_id"), msgspec.json.encode(event)) for event in events)
        return web.json_response({"results": [{"status": "accepted"}] * len(events)}, status=202)

    async def run(path: Path) -> list[Summary]:
        app = web.Application()
        app.router.add_post("/v1/events", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        target, summaries = Target(f"http://127.0.0.1:{runner.addresses[0][1]}", "key"), []
        for content in versions:
            path.write_bytes(content)
            summaries.append(await import_file(path, target, path.parent / "imports", again, 5))
        await runner.cleanup()
        return summaries

    with tempfile.TemporaryDirectory() as temporary:
        summaries = asyncio.run(run((folder or Path(temporary)) / "day.jsonl"))
    return Counter(text for _, text in ids), summaries


def lines(*texts: bytes) -> bytes:
    return b"".join(text + b"\n" for text in texts)


CHANGES = {
    "grown at its end": (lines(A, B), lines(A, B, C)),
    "grown at its start": (lines(B, A), lines(C, B, A)),
    "grown at its end without a line end before": (lines(A, B)[:-1], lines(A, B, C)),
    "grown with blank lines between": (lines(A, B)[:-1], lines(A, b"", b"  ", B, b"", C)),
    "a blank line on top": (lines(A, B, C), b"\n" + lines(A, B, C)),
    "lines in another order": (lines(A, B, C), lines(C, A, B)),
    "other line ends": (lines(A, B, C), lines(A, B, C).replace(b"\n", b"\r\n")),
    "byte order marks of files put together": (lines(A, B), BOM + lines(C) + BOM + lines(A, B)),
    "a half-written last line, later whole": (lines(A, B, C)[:-30], lines(A, B, C)),
    "a half-written last line of a growing file, three times": (
        lines(A, B)[:-1], lines(A, B) + C[:20], lines(A, B) + C[:40], lines(A, B, C),
    ),
    "half a character": (lines(A) + '{"a":"ü"}'.encode()[:7], lines(A, B, C)),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("versions", CHANGES.values(), ids=CHANGES.keys())
def test_each_line_counts_once(versions: tuple[bytes, ...], packed: bool) -> None:
    """And a second time, in a file whose versions are imported twice each."""
    files = [gzip.compress(version) if packed else version for version in versions]
    counts, summaries = imported(*files)
    assert counts == Counter([A, B, C]) and summaries[-1].code == 0
    assert not summaries[-1].checkpoint.rejected and not summaries[-1].unfinished
    assert imported(*(file for file in files for _ in range(2)))[0] == counts
    assert imported(*files, again=True)[0] == counts


@given(
    st.lists(st.sampled_from([A, B, C, sale(4)]), max_size=8).flatmap(
        lambda texts: st.lists(st.permutations([*texts, b""]), min_size=1, max_size=3)
    ),
    st.booleans(),
)
@settings(max_examples=30)
def test_lines_that_are_there_several_times_count_as_often(orders: list[list[bytes]], ends: bool) -> None:
    """Two people may buy the same thing in the same second."""
    versions = [lines(*order) if ends else b"\n".join(order) for order in orders]
    assert imported(*versions)[0] == Counter(text for text in orders[-1] if text)


def test_an_unfinished_line_is_reported_and_waits_as_long_as_it_takes() -> None:
    half = lines(A, B)[:-30]
    counts, (first, second) = imported(half, half)
    assert counts == Counter([A]) and (first.code, second.code) == (2, 2)
    assert first.unfinished and "its last line is unfinished" in str(first) and not first.checkpoint.rejected
    assert not second.was_complete and second.checkpoint.read == 1


def test_a_line_that_stays_wrong_is_rejected_when_it_has_its_end() -> None:
    counts, summaries = imported(lines(A) + b'{"type"', lines(A, b'{"type"', B))
    assert counts == Counter([A, B])
    assert [summary.checkpoint.rejected for summary in summaries] == [0, 1]


def test_a_file_of_the_same_size_with_other_lines_is_read() -> None:
    """Also where they differ far behind the beginning."""
    many = [sale(number, f"{number + 1000}") for number in range(3000)]
    changed = [*many[:-1], many[-1].replace(b"3999", b"3998")]
    counts, summaries = imported(lines(*many), lines(*changed))
    assert len(counts) == 3001 and not summaries[-1].was_complete
    assert imported(lines(*many), lines(*many))[1][-1].was_complete


@pytest.mark.parametrize("again", [False, True])
def test_a_file_of_which_an_earlier_version_imported_the_beginning_goes_on(tmp_path: Path, again: bool) -> None:
    """Its checkpoint has a hash of the file's head, and the ids that it gave have the line's number in them."""
    old, path = lines(A, B), tmp_path / "day.jsonl"
    path.write_bytes(lines(A, B, C))
    head = hashlib.sha256(old).hexdigest()[:16]
    legacy = Checkpoint(file=str(path), head=head, head_bytes=len(old), offset=len(old), line=2, accepted=2)
    checkpoint.save(tmp_path / "imports", legacy)
    counts, (summary,) = imported(lines(A, B, C), again=again, folder=tmp_path)
    assert counts == (Counter([A, B, C]) if again else Counter([C])) and summary.checkpoint.read == 3
    assert checkpoint.load(tmp_path / "imports", path).numbered == 2
    assert derived("imported", "1", A.decode()) != derived("imported", "occurrence", "1", A.decode())
