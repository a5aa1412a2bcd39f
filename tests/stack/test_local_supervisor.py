"""The supervisor starts children in order, restarts those that end, stops them in order and leaves none behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import logs, supervisor
from deploy.local.child_setup import AUTOGROUP
from deploy.local.supervisor import Child, StartError, Supervisor, restart_delay_s
from tests.support.hangs import HANG_S

Ready = Callable[[], Awaitable[bool]]

RECORD_START_AND_STOP = """
    import pathlib, signal, sys, time
    log_of_events, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    def record(what):
        with log_of_events.open("a") as file:
            file.write(f"{what} {name}\\n")
    def stop(*_):
        record("stop")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    record("start")
    time.sleep(60)
"""


class Recording:
    """A supervisor, the file in which its children record their starts and stops, and its reports."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log_of_events = directory / "log_of_events"
        self.log_of_events.touch()
        self.reports: list[str] = []
        self.changes = 0
        self.supervisor = Supervisor(self._changed, self.reports.append)

    def _changed(self) -> None:
        self.changes += 1

    def recording_child(self, name: str) -> Child:
        return self.child(name, RECORD_START_AND_STOP, ready=self.has_recorded(f"start {name}"))

    def child(self, name: str, program: str, ready: Ready, **limits: float) -> Child:
        argv = (sys.executable, "-c", textwrap.dedent(program), str(self.log_of_events), name)
        return Child(name, argv, os.environ, ready, self.directory / "logs" / f"{name}.log", **limits)

    def has_recorded(self, line: str, times: int = 1) -> Ready:
        async def holds() -> bool:
            return self.lines().count(line) >= times

        return holds

    def has_reported(self, line: str) -> Ready:
        async def holds() -> bool:
            return line in self.reports

        return holds

    def lines(self) -> list[str]:
        return self.log_of_events.read_text().splitlines()


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Recording]:
    recorded = Recording(tmp_path)
    yield recorded
    await recorded.supervisor.stop()


async def test_children_start_and_stop_in_order(recorded: Recording) -> None:
    await recorded.supervisor.start(recorded.recording_child("kafka"))
    await recorded.supervisor.start(recorded.recording_child("worker"), recorded.recording_child("gateway"))
    assert next(iter(recorded.supervisor.pids)) == "kafka"
    await recorded.supervisor.stop(["gateway"], ["worker"], ["kafka"])
    assert recorded.lines()[0] == "start kafka"
    assert recorded.lines()[3:] == ["stop gateway", "stop worker", "stop kafka"]
    assert recorded.supervisor.pids == {}


async def test_children_that_the_order_does_not_name_stop_last_and_youngest_first(recorded: Recording) -> None:
    for name in ("first", "second", "third"):
        await recorded.supervisor.start(recorded.recording_child(name))
    await recorded.supervisor.stop(["second"])
    assert recorded.lines()[3:] == ["stop second", "stop third", "stop first"]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel has no autogroups")
async def test_a_nice_level_is_that_of_the_whole_session(recorded: Recording) -> None:
    low_priority = [replace(recorded.recording_child(name), nice=10) for name in ("one", "two")]
    await recorded.supervisor.start(*low_priority, recorded.recording_child("normal"))
    pids = recorded.supervisor.pids
    nice = {name: Path(f"/proc/{pid}/autogroup").read_text().split()[-1] for name, pid in pids.items()}
    assert nice == {"one": "10", "two": "10", "normal": "0"}
    assert {name: os.getpriority(os.PRIO_PROCESS, pid) - os.nice(0) for name, pid in pids.items()} == {
        "one": 10,
        "two": 10,
        "normal": 0,
    }


async def test_a_child_killed_comes_back_with_another_pid(recorded: Recording) -> None:
    await recorded.supervisor.start(recorded.recording_child("worker"))
    changes_before, pid_before = recorded.changes, recorded.supervisor.pids["worker"]
    os.kill(pid_before, signal.SIGKILL)
    await until(recorded.has_recorded("start worker", times=2))
    assert recorded.supervisor.pids["worker"] != pid_before
    assert recorded.changes == changes_before + 1
    assert recorded.reports == ["worker ended with -9; starting it again"]


async def test_a_child_that_keeps_dying_is_restarted_ever_more_slowly(recorded: Recording) -> None:
    child = recorded.child(
        "worker",
        f"{RECORD_START_AND_STOP}".replace("time.sleep(60)", "time.sleep(0.2)"),
        ready=recorded.has_recorded("start worker"),
    )
    began = time.monotonic()
    await recorded.supervisor.start(child)
    await until(recorded.has_recorded("start worker", times=4))
    assert time.monotonic() - began > 0 + 0.5 + 1
    assert [text.rpartition("again")[2] for text in recorded.reports[:3]] == ["", " in 0.5 s", " in 1 s"]


async def test_a_child_whose_disk_is_full_is_started_again_when_there_is_space(
    recorded: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {"free": 0}
    monkeypatch.setattr(supervisor, "has_disk_space", lambda folder: space["free"] > 0)
    await recorded.supervisor.start(replace(recorded.recording_child("kafka"), writes_to=recorded.directory))
    os.kill(recorded.supervisor.pids["kafka"], signal.SIGKILL)
    await until(recorded.has_reported(f"kafka waits for space in {recorded.directory}"))
    assert recorded.supervisor.pids == {}
    space["free"] = 1
    await until(recorded.has_recorded("start kafka", times=2))
    assert len(recorded.reports) == 2


async def test_a_child_whose_log_cannot_be_rotated_is_tried_again(
    recorded: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorded.supervisor.start(recorded.recording_child("worker"))
    failures = iter([OSError("No space left on device")])

    def rotate(log: Path) -> int:
        for failure in failures:
            raise failure
        return 0

    monkeypatch.setattr(supervisor.logs, "rotate", rotate)
    os.kill(recorded.supervisor.pids["worker"], signal.SIGKILL)
    await until(recorded.has_recorded("start worker", times=2))
    assert recorded.reports == [
        "worker ended with -9; starting it again",
        "worker cannot be started; starting it again in 0.5 s",
    ]
    assert list(recorded.supervisor.pids) == ["worker"]


def test_a_full_disk_has_no_space_for_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervisor.has_disk_space(tmp_path)
    monkeypatch.setattr(supervisor, "MIN_FREE_BYTES", shutil.disk_usage(tmp_path).free * 2)
    assert not supervisor.has_disk_space(tmp_path)


def test_the_back_off_grows_up_to_a_second() -> None:
    assert [restart_delay_s(ends) for ends in range(1, 6)] == [0, 0.5, 1, 1, 1]
    assert restart_delay_s(10_000) == 1


async def test_a_child_that_ends_while_starting_is_reported_with_the_end_of_its_log(recorded: Recording) -> None:
    await recorded.supervisor.start(recorded.recording_child("kafka"))
    dying = recorded.child("sink", "import sys; sys.exit('no table to write to')", ready=never)
    with pytest.raises(StartError, match=r"sink ended with 1 while starting(?s:.*)no table to write to"):
        await recorded.supervisor.start(dying, recorded.child("gateway", RECORD_START_AND_STOP, ready=never))
    pids = recorded.supervisor.pids
    await recorded.supervisor.stop()
    assert "stop kafka" in recorded.lines()
    assert not any(is_alive(pid) for pid in pids.values())


async def test_a_child_that_never_gets_ready_is_an_error(recorded: Recording) -> None:
    slow = recorded.child("gateway", RECORD_START_AND_STOP, ready=never, start_timeout_s=0.5)
    with pytest.raises(StartError, match=r"gateway was not ready after 0\.5 s"):
        await recorded.supervisor.start(slow)


async def test_a_child_that_ignores_sigterm_is_killed(recorded: Recording) -> None:
    ignoring = RECORD_START_AND_STOP.replace("signal.SIGTERM, stop", "signal.SIGTERM, signal.SIG_IGN")
    await recorded.supervisor.start(
        recorded.child("worker", ignoring, ready=recorded.has_recorded("start worker"), stop_timeout_s=0.3)
    )
    pid = recorded.supervisor.pids["worker"]
    await recorded.supervisor.stop(["worker"])
    assert not is_alive(pid)
    assert recorded.reports == ["worker did not stop within 0.3 s: killing it"]


async def test_a_stop_during_the_back_off_starts_nothing_any_more(recorded: Recording) -> None:
    child = recorded.child(
        "worker",
        "import pathlib, sys; open(sys.argv[1], 'a').write('start worker\\n')\nimport time; time.sleep(0.3)",
        ready=recorded.has_recorded("start worker"),
    )
    await recorded.supervisor.start(child)
    await until(recorded.has_recorded("start worker", times=2))
    await recorded.supervisor.stop(["worker"])
    starts = len(recorded.lines())
    await asyncio.sleep(0.8)  # longer than the back-off that the stop cut short
    assert len(recorded.lines()) == starts


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
async def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = """
        import asyncio, os, pathlib, sys
        from deploy.local.supervisor import Child, Supervisor
        async def yes(): return True
        async def main():
            supervisor = Supervisor(lambda: None, print)
            child = Child("child", ("sleep", "60"), os.environ, yes, pathlib.Path(sys.argv[1]) / "child.log")
            await supervisor.start(child)
            print(supervisor.pids["child"], flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    argv = (sys.executable, "-c", textwrap.dedent(program), str(tmp_path))
    supervisor = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    child = int(await supervisor.stdout.readline())
    assert is_alive(child)
    supervisor.kill()
    await supervisor.wait()

    async def gone() -> bool:
        return not is_alive(child)

    await until(gone)


def test_a_log_that_grew_is_rotated_and_only_new_lines_are_quoted(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "kafka.log"
    assert logs.rotate(log) == 0
    log.write_text("old\n")
    began = logs.rotate(log)
    with log.open("a") as file:
        file.write("new\n")
    assert logs.tail(log, began) == "new"
    log.write_bytes(b"x" * logs.ROTATE_AT_BYTES)
    assert logs.rotate(log) == 0
    assert not log.exists()
    assert log.with_name("kafka.log.1").stat().st_size == logs.ROTATE_AT_BYTES


def test_a_log_that_a_running_child_writes_is_rotated_too(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    with logs.open_private(log) as child:
        for round_ in range(logs.KEPT + 2):
            child.write(b"%d" % round_ * logs.ROTATE_AT_BYTES)
            child.flush()
            logs.rotate_open(log)
            assert log.stat().st_size == 0
            child.write(b"small\n")
            child.flush()
            logs.rotate_open(log)
            assert log.read_text() == "small\n", "what is small stays, and nothing is written behind a gap"
            os.truncate(log, 0)
    aged = sorted(tmp_path.glob("kafka.log.*"))
    assert [file.suffix for file in aged] == [f".{age}" for age in range(1, logs.KEPT + 1)]
    assert [file.read_bytes()[:1] for file in aged] == [b"4", b"3", b"2"]
    assert {file.stat().st_mode & 0o777 for file in (log, *aged)} == {0o600}


async def never() -> bool:
    return False


async def until(condition: Ready) -> None:
    async with asyncio.timeout(HANG_S):
        while not await condition():  # noqa: ASYNC110 - what we wait for is outside of this process
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
