"""Child processes of a bench."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.child_setup import build_die_with_parent

ROOT = Path(__file__).parents[2]
STOP_S = 20.0
T = TypeVar("T")


class NotMeasured(Exception):
    """A figure could not be measured; the text gives the reason."""


class Process:
    """A child process, ``python -m arguments…``, with its output in a log file."""

    def __init__(self, log: Path, arguments: tuple[str, ...], env: Mapping[str, str]) -> None:
        self._log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=build_die_with_parent(),
            )
        self.began = time.time()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def check(self) -> None:
        """:raises NotMeasured: the process has ended, although it should run until it is stopped."""
        if (code := self._popen.poll()) is not None:
            raise NotMeasured(f"{self._log.stem} ended with {code}:\n{self.log[-1500:]}")

    def wait_for(self, condition: Callable[[], T], timeout_s: float, pause_s: float = 0.02) -> T:
        """The condition's first true value. :raises NotMeasured: the process ends before, or the time is over."""
        end = time.monotonic() + timeout_s
        while not (got := condition()):
            self.check()
            if time.monotonic() > end:
                raise NotMeasured(f"{self._log.stem}: not within {timeout_s:g} s:\n{self.log[-1500:]}")
            time.sleep(pause_s)
        return got

    def stop(self) -> None:
        """Terminates the process; kills it after ``STOP_S``."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()

    def end(self) -> None:
        """Kills the process if it still runs."""
        if self._popen.poll() is None:
            self.kill()

    def wait_for_exit(self, timeout_s: float) -> None:
        """:raises NotMeasured: no exit within the time, or an exit code other than 0."""
        try:
            code = self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{self._log.stem} did not end in {timeout_s:g} s:\n{self.log[-1500:]}") from None
        if code:
            raise NotMeasured(f"{self._log.stem} ended with {code}:\n{self.log[-1500:]}")

    def json_output(self, timeout_s: float) -> dict[str, Any]:
        """Waits for the exit and returns the JSON object that is the whole output.

        :raises NotMeasured: no exit within the time, an exit code other than 0, or other output.
        """
        try:
            code = self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{self._log.stem} did not end in {timeout_s:g} s:\n{self.log[-1500:]}") from None
        if code or not self.log.startswith("{"):
            raise NotMeasured(f"{self._log.stem} ended with {code}:\n{self.log[-1500:]}")
        return dict(json.loads(self.log))
