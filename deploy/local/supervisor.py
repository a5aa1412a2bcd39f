"""Runs named child processes: starts them, restarts those that end, stops them in order and leaves none behind."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import logs
from deploy.local.child_setup import build_die_with_parent

READY_POLL_S = 0.05
# A child that ran this long had started successfully: its next restart is immediate again.
STABLE_AFTER_S = 30.0
MIN_FREE_BYTES = 4 << 20
"""Free disk space that a start of a writing child needs; with less it fails, slowly and uses much CPU time."""
DISK_POLL_S = 0.2
ROTATE_EVERY_S = 30.0


class StartError(Exception):
    """A child ended or was not ready in time; the text ends with the last lines of its log."""


@dataclass(frozen=True)
class Child:
    """One process: its command, the condition under which it counts as started, its timeouts, and its log.

    ``nice``: nice level, see `build_die_with_parent`. ``writes_to``: folder on the disk that needs free space before
    a restart.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]]
    log: Path
    start_timeout_s: float = 60.0
    stop_timeout_s: float = 10.0
    nice: int = 0
    writes_to: Path | None = None


def restart_delay_s(ends: int) -> float:
    """Seconds before the restart after the n-th end in a row: 0, 0.5, 1, 1 …

    The cause may disappear at any moment (the disk has space again), and the system must recover within 10 s of that.
    """
    return 0.0 if ends <= 1 else 0.5 if ends == 2 else 1.0


class Supervisor:
    """Runs children. Calls `changed` after every start and restart and `report` with one line on every restart; neither
    may raise: a child that was started is watched whatever else fails.

    Use it from the main thread: the kernel kills the children when the thread that started them ends.
    """

    def __init__(self, changed: Callable[[], None], report: Callable[[str], None]) -> None:
        self._changed = changed
        self._report = report
        self._children: dict[str, Child] = {}
        self._processes: dict[str, Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The pid of every running child, by name, in the order of their first start."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def start(self, *children: Child) -> None:
        """Starts children concurrently and returns when all are ready; raises `StartError` at the first failure.

        After a failure call `stop`: children that have started keep running.
        """
        starts = [asyncio.create_task(self._start(child)) for child in children]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def stop(self, *order: Iterable[str]) -> None:
        """Stops the groups one after the other (a group's children concurrently), then the rest, the latest first."""
        for group in order:
            await asyncio.gather(*(self._stop(name) for name in group if name in self._children))
        for name in reversed(list(self._children)):
            await self._stop(name)

    async def rotate_logs(self) -> None:
        """Keeps the logs of running children small; until cancelled."""
        while True:
            await asyncio.sleep(ROTATE_EVERY_S)
            for child in list(self._children.values()):
                with contextlib.suppress(OSError):  # no space: tried again
                    await asyncio.to_thread(logs.rotate_open, child.log)

    async def _start(self, child: Child) -> None:
        self._children[child.name] = child
        log_began = logs.rotate(child.log)
        process = await self._spawn(child)
        deadline = time.monotonic() + child.start_timeout_s
        while True:
            is_ready = await child.ready()
            if process.returncode is not None:
                end = f"ended with {process.returncode} while starting"
                raise StartError(_explain(child, end, log_began))
            if is_ready:
                break
            if time.monotonic() > deadline:
                end = f"was not ready after {child.start_timeout_s:g} s"
                raise StartError(_explain(child, end, log_began))
            await asyncio.sleep(READY_POLL_S)
        self._watchers[child.name] = asyncio.create_task(self._watch(child, process))

    async def _spawn(self, child: Child) -> Process:
        with logs.open_private(child.log) as log:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                env=dict(child.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # runs before preexec_fn, which sets the nice level of the session
                preexec_fn=build_die_with_parent(nice=child.nice),
            )
        self._processes[child.name] = process
        self._changed()
        return process

    async def _watch(self, child: Child, process: Process | None) -> None:
        """Restarts the child whenever it ends, until cancelled."""
        ends = 0
        while True:
            began = time.monotonic()
            code = await process.wait() if process else None
            ends = 1 if time.monotonic() - began > STABLE_AFTER_S else ends + 1
            delay_s = restart_delay_s(ends)
            how = f"ended with {code}" if process else "cannot be started"
            self._report(f"{child.name} {how}; starting it again" + (f" in {delay_s:g} s" if delay_s else ""))
            await asyncio.sleep(delay_s)
            await self._wait_for_disk_space(child)
            try:
                logs.rotate(child.log)
                process = await self._spawn(child)
            except OSError:  # no memory, process id or disk space left at the moment: retried like an end
                process = None

    async def _wait_for_disk_space(self, child: Child) -> None:
        if child.writes_to is None or has_disk_space(child.writes_to):
            return
        self._report(f"{child.name} waits for space in {child.writes_to}")
        while not has_disk_space(child.writes_to):  # noqa: ASYNC110
            await asyncio.sleep(DISK_POLL_S)

    async def _stop(self, name: str) -> None:
        child = self._children.pop(name)
        watcher = self._watchers.pop(name, None)
        if watcher:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        process = self._processes.pop(name, None)
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), child.stop_timeout_s)
        except TimeoutError:
            self._report(f"{name} did not stop within {child.stop_timeout_s:g} s: killing it")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def has_disk_space(folder: Path) -> bool:
    """Whether the folder's disk has the free space that a start needs."""
    return shutil.disk_usage(folder).free >= MIN_FREE_BYTES


def _explain(child: Child, what: str, log_began: int) -> str:
    tail = logs.tail(child.log, log_began)
    return f"{child.name} {what}; its log {child.log}" + (f" ends:\n{tail}" if tail else " is empty")
