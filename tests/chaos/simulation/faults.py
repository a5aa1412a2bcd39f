"""Planned failures of a partition's owner: of which kind, and at which of its steps."""

import asyncio
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["dies", "fails", "sleeps", "loses"]


class Crash(Exception):
    """The process is gone."""


@dataclass(frozen=True)
class Fault:
    """How an owner of the partition ends: at its ``step``-th step, and whether the next owner starts with an empty
    disk."""

    partition: int
    step: int
    kind: FaultKind
    empty_disk: bool = False

    def __str__(self) -> str:
        disk = ", the next one starts with an empty disk" if self.empty_disk else ""
        return f"the owner of partition {self.partition} {self.kind} at step {self.step}{disk}"


class FaultPoint:
    """Where one owner ends: at the ``at_step``-th of its steps that touch broker or disk.

    It ``dies`` (this step and all later ones fail), ``fails`` (this step fails, concurrent work goes on as long as it
    is not cancelled), ``sleeps`` (every step waits until the process is woken, after another owner took over) or
    ``loses`` its partition to a new owner, and works on.
    """

    def __init__(self, at_step: int, kind: FaultKind) -> None:
        self.at_step, self.kind, self.steps = at_step, kind, 0
        self.reached, self.woken = False, asyncio.Event()

    def step(self) -> None:
        """A step that cannot wait. :raises Crash: the owner ends here."""
        self.steps += 1
        if self.steps < self.at_step:
            return
        self.reached = True
        if self.kind == "dies" or (self.kind == "fails" and self.steps == self.at_step):
            raise Crash

    async def step_async(self) -> None:
        """A step that can wait; concurrent work goes on meanwhile. :raises Crash: the owner ends here."""
        await asyncio.sleep(0)
        self.step()
        if self.reached and self.kind == "sleeps":
            await self.woken.wait()
