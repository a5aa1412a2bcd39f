"""run.json is best effort: a disk that takes no file for a while stops nothing, and it is written as soon as there is
space."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local import stack as module
from deploy.local.data import DataDirectory
from deploy.local.stack import Stack
from tests.support.hangs import HANG_S


async def test_a_run_file_that_cannot_be_written_is_told_once_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[str] = []
    plan: Any = SimpleNamespace(data=DataDirectory(tmp_path / "no folder yet"))
    output: Any = SimpleNamespace(report=reports.append)
    settings: Any = SimpleNamespace()
    monkeypatch.setattr(module, "RUN_FILE_RETRY_S", 0.01)
    stack = Stack(settings, plan, output, 0.0)
    monkeypatch.setattr(stack, "_describe", lambda: {"gateway": "here"})
    stack._is_ready = True
    for _ in range(3):  # processes that end and start meanwhile
        stack._changed()
    await asyncio.sleep(0.05)
    assert len(reports) == 1 and "run.json cannot be written" in reports[0]
    plan.data.root.mkdir()
    async with asyncio.timeout(HANG_S):
        while not plan.data.run_file.exists():  # noqa: ASYNC110 - a timer of the stack writes it
            await asyncio.sleep(0.01)
