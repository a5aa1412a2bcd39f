"""Named child processes: started in order, restarted when they die, stopped in order, never left behind."""

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
from deploy.local.process import build_die_with_parent

READY_POLL_S = 0.05
# A child that lived this long had started well: its next restart is immediate again.
STABLE_AFTER_S = 30.0
ROOM_BYTES = 4 << 20
"""Free on the disk of a child that writes: with less a start fails, slowly, and takes the processor from the others."""
ROOM_POLL_S = 0.2


class StartError(Exception):
    """A child died or did not become ready; the text ends with the last lines of its log."""


@dataclass(frozen=True)
class Child:
    """One process: what runs, when it counts as started, how long a stop may take, where its output goes.

    ``niceness``: 0, or more for one that lets others go first when the processor is short. ``writes_to``: a folder on a
    disk without whose space a restart is not worth trying.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]]
    log: Path
    start_timeout_s: float = 60.0
    stop_timeout_s: float = 10.0
    niceness: int = 0
    writes_to: Path | None = None


def restart_delay_s(deaths: int) -> float:
    """Seconds before the restart after the n-th death in a row: 0, 0.5, 1, 1 …

    Whatever it died of may be over any moment (a disk has space again), and all is to be well 10 s after that.
    """
    return 0.0 if deaths <= 1 else 0.5 if deaths == 2 else 1.0


class Supervisor:
    """Runs children; `changed` is called after every start and restart, `report` with a line worth reading.

    Use it from the main thread: the kernel kills the children when the thread that started them ends.
    """

    def __init__(self, changed: Callable[[], None], report: Callable[[str], None]) -> None:
        self._changed = changed
        self._report = report
        self._children: dict[str, Child] = {}
        self._processes: dict[str, Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The pid of every child that runs, by name, in the order of their start."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def start(self, *children: Child) -> None:
        """Starts children side by side, returns when all are ready; raises `StartError` at the first failure.

        After a failure call `stop`: what had started still runs.
        """
        starts = [asyncio.create_task(self._start(child)) for child in children]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def stop(self, *order: Iterable[str]) -> None:
        """Stops group after group (each side by side), then whatever is left, the youngest first."""
        for group in order:
            await asyncio.gather(*(self._stop(name) for name in group if name in self._children))
        for name in reversed(list(self._children)):
            await self._stop(name)

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
        self._keepers[child.name] = asyncio.create_task(self._keep(child, process))

    async def _spawn(self, child: Child) -> Process:
        with child.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                env=dict(child.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # before the next: its niceness is the session's
                preexec_fn=build_die_with_parent(niceness=child.niceness),
            )
        self._processes[child.name] = process
        self._changed()
        return process

    async def _keep(self, child: Child, process: Process | None) -> None:
        """Starts the child again whenever it ends, until cancelled."""
        deaths = 0
        while True:
            began = time.monotonic()
            code = await process.wait() if process else None
            deaths = 1 if time.monotonic() - began > STABLE_AFTER_S else deaths + 1
            delay_s = restart_delay_s(deaths)
            how = f"ended with {code}" if process else "cannot be started"
            self._report(f"{child.name} {how}; starting it again" + (f" in {delay_s:g} s" if delay_s else ""))
            await asyncio.sleep(delay_s)
            await self._room_for(child)
            logs.rotate(child.log)
            try:
                process = await self._spawn(child)
            except OSError:  # no memory or no process left right now: tried again like a death
                process = None

    async def _room_for(self, child: Child) -> None:
        if child.writes_to is None or has_room(child.writes_to):
            return
        self._report(f"{child.name} waits for space in {child.writes_to}")
        while not has_room(child.writes_to):  # noqa: ASYNC110
            await asyncio.sleep(ROOM_POLL_S)

    async def _stop(self, name: str) -> None:
        child = self._children.pop(name)
        keeper = self._keepers.pop(name, None)
        if keeper:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
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


def has_room(folder: Path) -> bool:
    """Whether the folder's disk has space to start with."""
    return shutil.disk_usage(folder).free >= ROOM_BYTES


def _explain(child: Child, what: str, log_began: int) -> str:
    tail = logs.tail(child.log, log_began)
    return f"{child.name} {what}; its log {child.log}" + (f" ends:\n{tail}" if tail else " is empty")
