"""A client of the embedded stack that sends requests from a thread of its own."""

import threading
from abc import abstractmethod
from contextlib import AbstractContextManager
from random import Random
from typing import Self

from tests.support.full_stack import FullStack
from tests.support.hangs import HANG_S


class ClientThread(AbstractContextManager["ClientThread"]):
    """Calls `run_once` repeatedly, with a pause after each call, until the ``with`` block ends."""

    pause_s = 0.05

    def __init__(self, stack: FullStack, seed: int) -> None:
        self.stack = stack
        self.random = Random(seed)
        self.violations: list[str] = []
        """Responses that break the contract of the API; a test asserts that there are none."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def run_once(self) -> None:
        """One request with its retries; called in the client's thread, may block."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(HANG_S)
        assert not self._thread.is_alive(), f"the client's thread did not end within {HANG_S} s"

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.run_once()
            except BaseException as bug:
                self.violations.append(f"the client itself failed: {bug!r}")
                raise
            self._stopped.wait(self.pause_s)
