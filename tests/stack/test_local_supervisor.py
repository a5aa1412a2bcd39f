"""The supervisor: starts in order, restarts what dies, stops in order, and leaves nobody behind."""

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
from deploy.local.process import AUTOGROUP
from deploy.local.supervisor import Child, StartError, Supervisor, restart_delay_s

Ready = Callable[[], Awaitable[bool]]

NOTE_ITS_LIFE = """
    import pathlib, signal, sys, time
    diary, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    def note(what):
        with diary.open("a") as file:
            file.write(f"{what} {name}\\n")
    def stop(*_):
        note("stop")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    note("start")
    time.sleep(60)
"""


class Street:
    """Children that note in one diary when they start and stop."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.diary = directory / "diary"
        self.diary.touch()
        self.said: list[str] = []
        self.changes = 0
        self.supervisor = Supervisor(self._changed, self.said.append)

    def _changed(self) -> None:
        self.changes += 1

    def noting(self, name: str) -> Child:
        return self.running(name, NOTE_ITS_LIFE, ready=self.notes(f"start {name}"))

    def running(self, name: str, program: str, ready: Ready, **limits: float) -> Child:
        argv = (sys.executable, "-c", textwrap.dedent(program), str(self.diary), name)
        return Child(name, argv, os.environ, ready, self.directory / "logs" / f"{name}.log", **limits)

    def notes(self, line: str, times: int = 1) -> Ready:
        async def noted() -> bool:
            return self.lines().count(line) >= times

        return noted

    def says(self, line: str) -> Ready:
        async def said() -> bool:
            return line in self.said

        return said

    def lines(self) -> list[str]:
        return self.diary.read_text().splitlines()


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.supervisor.stop()


async def test_children_start_and_stop_in_order(street: Street) -> None:
    await street.supervisor.start(street.noting("kafka"))
    await street.supervisor.start(street.noting("worker"), street.noting("gateway"))
    assert next(iter(street.supervisor.pids)) == "kafka"
    await street.supervisor.stop(["gateway"], ["worker"], ["kafka"])
    assert street.lines()[0] == "start kafka"
    assert street.lines()[3:] == ["stop gateway", "stop worker", "stop kafka"]
    assert street.supervisor.pids == {}


async def test_who_the_order_forgets_stops_last_and_youngest_first(street: Street) -> None:
    for name in ("first", "second", "third"):
        await street.supervisor.start(street.noting(name))
    await street.supervisor.stop(["second"])
    assert street.lines()[3:] == ["stop second", "stop third", "stop first"]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel has no autogroups")
async def test_a_child_that_lets_others_go_first_does_so_with_its_whole_session(street: Street) -> None:
    unhurried = [replace(street.noting(name), niceness=10) for name in ("one", "two")]
    await street.supervisor.start(*unhurried, street.noting("hurried"))
    pids = street.supervisor.pids
    nice = {name: Path(f"/proc/{pid}/autogroup").read_text().split()[-1] for name, pid in pids.items()}
    assert nice == {"one": "10", "two": "10", "hurried": "0"}
    assert {name: os.getpriority(os.PRIO_PROCESS, pid) - os.nice(0) for name, pid in pids.items()} == {
        "one": 10,
        "two": 10,
        "hurried": 0,
    }


async def test_a_child_killed_comes_back_with_another_pid(street: Street) -> None:
    await street.supervisor.start(street.noting("worker"))
    changes_before, pid_before = street.changes, street.supervisor.pids["worker"]
    os.kill(pid_before, signal.SIGKILL)
    await until(street.notes("start worker", times=2))
    assert street.supervisor.pids["worker"] != pid_before
    assert street.changes == changes_before + 1
    assert street.said == ["worker ended with -9; starting it again"]


async def test_a_child_that_keeps_dying_is_restarted_ever_more_slowly(street: Street) -> None:
    child = street.running(
        "worker", f"{NOTE_ITS_LIFE}".replace("time.sleep(60)", "time.sleep(0.2)"), ready=street.notes("start worker")
    )
    began = time.monotonic()
    await street.supervisor.start(child)
    await until(street.notes("start worker", times=4))
    assert time.monotonic() - began > 0 + 0.5 + 1
    assert [text.rpartition("again")[2] for text in street.said[:3]] == ["", " in 0.5 s", " in 1 s"]


async def test_a_child_whose_disk_is_full_is_started_again_when_there_is_space(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {"free": 0}
    monkeypatch.setattr(supervisor, "has_room", lambda folder: space["free"] > 0)
    await street.supervisor.start(replace(street.noting("kafka"), writes_to=street.directory))
    os.kill(street.supervisor.pids["kafka"], signal.SIGKILL)
    await until(street.says(f"kafka waits for space in {street.directory}"))
    assert street.supervisor.pids == {}
    space["free"] = 1
    await until(street.notes("start kafka", times=2))
    assert len(street.said) == 2


def test_a_full_disk_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervisor.has_room(tmp_path)
    monkeypatch.setattr(supervisor, "ROOM_BYTES", shutil.disk_usage(tmp_path).free * 2)
    assert not supervisor.has_room(tmp_path)


def test_the_back_off_grows_up_to_a_second() -> None:
    assert [restart_delay_s(deaths) for deaths in range(1, 6)] == [0, 0.5, 1, 1, 1]
    assert restart_delay_s(10_000) == 1


async def test_a_child_that_dies_at_its_start_is_told_with_its_last_words(street: Street) -> None:
    await street.supervisor.start(street.noting("kafka"))
    dying = street.running("sink", "import sys; sys.exit('no table to write to')", ready=never)
    with pytest.raises(StartError, match=r"sink ended with 1 while starting(?s:.*)no table to write to"):
        await street.supervisor.start(dying, street.running("gateway", NOTE_ITS_LIFE, ready=never))
    pids = street.supervisor.pids
    await street.supervisor.stop()
    assert "stop kafka" in street.lines()
    assert not any(is_alive(pid) for pid in pids.values())


async def test_a_child_that_never_gets_ready_is_an_error(street: Street) -> None:
    slow = street.running("gateway", NOTE_ITS_LIFE, ready=never, start_timeout_s=0.5)
    with pytest.raises(StartError, match=r"gateway was not ready after 0\.5 s"):
        await street.supervisor.start(slow)


async def test_a_child_deaf_to_sigterm_is_killed(street: Street) -> None:
    deaf = NOTE_ITS_LIFE.replace("signal.SIGTERM, stop", "signal.SIGTERM, signal.SIG_IGN")
    await street.supervisor.start(
        street.running("worker", deaf, ready=street.notes("start worker"), stop_timeout_s=0.3)
    )
    pid = street.supervisor.pids["worker"]
    await street.supervisor.stop(["worker"])
    assert not is_alive(pid)
    assert street.said == ["worker did not stop within 0.3 s: killing it"]


async def test_a_stop_during_the_back_off_starts_nothing_any_more(street: Street) -> None:
    child = street.running(
        "worker",
        "import pathlib, sys; open(sys.argv[1], 'a').write('start worker\\n')\nimport time; time.sleep(0.3)",
        ready=street.notes("start worker"),
    )
    await street.supervisor.start(child)
    await until(street.notes("start worker", times=2))
    await street.supervisor.stop(["worker"])
    starts = len(street.lines())
    await asyncio.sleep(0.8)  # longer than the back-off that the stop cut short
    assert len(street.lines()) == starts


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


def test_a_log_that_grew_is_rotated_and_only_new_lines_are_told(tmp_path: Path) -> None:
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


async def never() -> bool:
    return False


async def until(condition: Ready, within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what we wait for is outside of this process
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
