"""Where a bench runs: a folder of its own, how often it runs, and the real parts and processes that it starts."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.data import Data, make_secrets
from deploy.local.process import build_die_with_parent
from deploy.local.settings import DEMO_BRAND
from deploy.setup import brand, topics
from tests.parts import ClickHousePart, KafkaPart, start_clickhouse, start_kafka
from tests.stack.whole import Street

ROOT = Path(__file__).parents[2]
STOP_S = 20.0
T = TypeVar("T")


class NotMeasured(Exception):
    """A figure could not be had; the text says why."""


@dataclass(frozen=True)
class Ground:
    """``rounds`` is how often each contender runs; ``quick`` asks for small sizes, to see that a bench works."""

    folder: Path
    rounds: int
    quick: bool
    say: Callable[[str], None]

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def new_folder(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    @contextmanager
    def kafka(self, with_brand: bool = True) -> Iterator[KafkaPart]:
        """A broker of its own with every topic and, if wanted, the demo brand."""
        part = start_kafka(self.new_folder("kafka"))
        try:
            topics.apply(part.bootstrap)
            if with_brand:
                brand.apply(part.bootstrap, (DEMO_BRAND, self.secrets().api_keys))
            yield part
        finally:
            part.kill()

    @contextmanager
    def clickhouse(self) -> Iterator[ClickHousePart]:
        part = start_clickhouse(self.new_folder("clickhouse"))
        try:
            yield part
        finally:
            part.stop()

    @contextmanager
    def street(self, **settings: str) -> Iterator[Street]:
        """The whole embedded stack, without shoppers and without limits on one client."""
        limits = {"FOOTPATH_GATEWAY_SCANS_PER_S": "1000000", "FOOTPATH_GATEWAY_EVENTS_PER_S": "1000000"}
        street = Street(self.new_folder("street") / "data", **(limits | settings))
        try:
            street.start()
            yield street
        finally:
            with suppress(AssertionError):  # what was measured stays measured
                street.stop()

    def secrets(self) -> Data:
        """Keys of a sender and of identifiers, the same each time."""
        data = Data(self.folder / "secrets-of-all")
        data.root.mkdir(exist_ok=True)
        make_secrets(data)
        return data

    @contextmanager
    def process(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator["Process"]:
        """``python -m arguments…``, ended when the block ends."""
        started = Process(self.new_folder(name) / f"{name}.log", arguments, env or {})
        try:
            yield started
        finally:
            started.end()


class Process:
    """A child of the bench with its output in a log."""

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
        """:raises NotMeasured: it has ended, which no contender does by itself."""
        if (code := self._popen.poll()) is not None:
            raise NotMeasured(f"{self._log.stem} ended with {code}:\n{self.log[-1500:]}")

    def wait_for(self, condition: Callable[[], T], timeout_s: float, pause_s: float = 0.02) -> T:
        """What the condition gives once it holds, while the process lives."""
        end = time.monotonic() + timeout_s
        while not (got := condition()):
            self.check()
            if time.monotonic() > end:
                raise NotMeasured(f"{self._log.stem}: not within {timeout_s:g} s:\n{self.log[-1500:]}")
            time.sleep(pause_s)
        return got

    def stop(self) -> None:
        """In order, as far as it goes."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()

    def end(self) -> None:
        if self._popen.poll() is None:
            self.kill()

    def told(self, timeout_s: float) -> dict[str, Any]:
        """The JSON object that is all it wrote, once it has ended with 0."""
        try:
            code = self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{self._log.stem} did not end in {timeout_s:g} s:\n{self.log[-1500:]}") from None
        if code or not self.log.startswith("{"):
            raise NotMeasured(f"{self._log.stem} ended with {code}:\n{self.log[-1500:]}")
        return dict(json.loads(self.log))
