"""Every processor: one line each. Workers, topic set-up, the embedded stack, replay and tests read the list here.

A line is the name of a folder of ``processors/`` whose ``core.py`` has the value ``PROCESSOR``. A core is imported when
it is first looked up, so a worker loads what it runs and the command line loads none.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from processors.step import Processor

INTERACTIVE = (
    "identity",
    "context",
    "coupons",
)
"""A phone or a till waits for what they publish, so their ``linger_ms`` is 0. The embedded stack runs them in one
process, where local delivery passes events on without a fetch."""
BACKGROUND = (
    "rewards",
    "consent",
    "matching",
    "intake",
    "budgets",
)
"""No phone waits for what they publish. The embedded stack runs them in a second process of lower priority."""


class _Registry(Mapping[str, Processor[Any]]):
    """Processors by name, in the order of the lists above; names are listed without importing a core."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> Processor[Any]:
        if name not in self._names:
            raise KeyError(name)
        processor: Processor[Any] = import_module(f"processors.{name}.core").PROCESSOR
        return processor

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


PROCESSORS: Mapping[str, Processor[Any]] = _Registry(INTERACTIVE + BACKGROUND)
