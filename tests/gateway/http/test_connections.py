"""Bounds on connections: who waits longest gives way, whoever is busy stays, and nobody holds one for ever."""

import asyncio
from typing import Any

import pytest

from gateway.http import connections as module
from gateway.http.connections import ConnectionLimits
from gateway.http.open_files import BESIDE_CONNECTIONS, allow_connections
from gateway.metrics import Metrics
from schemas.process import file_limit
from schemas.process.parsers import NETWORKS
from tests.support.gateway_process import wait_until

HOME, OTHER, PROXY = "203.0.113.5", "198.51.100.7", "10.0.0.1"


class Client:
    """A connection as its limits see it."""

    line = ""
    overdue_at = float("inf")
    unread_since = 0.0

    def __init__(self, limits: ConnectionLimits, address: str = HOME) -> None:
        self._limits = limits
        self.unread = 0
        self.is_open = True
        self.admitted = limits.admit(self, address, asyncio.get_running_loop())

    def unread_bytes(self) -> int:
        return self.unread

    def end(self) -> None:
        self.is_open = False
        self._limits.lost(self)

    abort = end


def limits(count: int = 4, per_address: int = 3) -> ConnectionLimits:
    return ConnectionLimits(count, per_address, NETWORKS.parse("10.0.0.0/8"), Metrics())


async def test_the_one_that_waits_longest_gives_way_to_a_new_one() -> None:
    bounds = limits()
    first, second, third = (Client(bounds) for _ in range(3))
    bounds.busy(first)
    assert Client(bounds).admitted
    assert [one.is_open for one in (first, second, third)] == [True, False, True], "the first one was busy"
    bounds.waits(first)
    assert Client(bounds).admitted and Client(bounds).admitted
    assert first.is_open and not third.is_open, "the first one waits only since a moment"


async def test_where_all_are_busy_a_new_one_is_refused_and_those_of_others_are_not() -> None:
    bounds = limits()
    mine = [Client(bounds) for _ in range(3)]
    for one in mine:
        bounds.busy(one)
    assert not Client(bounds).admitted and len(bounds) == 3
    other = Client(bounds, OTHER)
    assert other.admitted
    bounds.busy(other)
    assert not Client(bounds, "192.0.2.9").admitted, "that is all there may be"
    mine[0].end()
    assert Client(bounds).admitted and len(bounds) == 4
    assert all(one.is_open for one in mine[1:])


async def test_an_address_has_no_more_than_its_own_and_a_trusted_proxy_speaks_for_many() -> None:
    bounds = limits(count=100)
    homes, proxied = [Client(bounds) for _ in range(10)], [Client(bounds, PROXY) for _ in range(10)]
    assert sum(one.is_open for one in homes) == 3 and all(one.is_open for one in proxied)
    subscriber = [Client(bounds, f"2001:db8::{number}") for number in range(1, 11)]
    assert sum(one.is_open for one in subscriber) == 3, "an IPv6 line has many addresses"
    for one in [*homes, *proxied, *subscriber]:
        if one.is_open:
            one.end()
    assert len(bounds) == 0 and not bounds._of_line and not bounds._waiting_of_line and not bounds._waiting


async def test_whoever_owes_something_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_S", 0.001)
    monkeypatch.setattr(module, "WRITE_S", 0.05)
    bounds = limits()
    slow, patient, reader = (Client(bounds) for _ in range(3))
    slow.overdue_at = asyncio.get_running_loop().time()
    reader.unread = 1

    async def both_are_ended() -> bool:
        return not slow.is_open and not reader.is_open

    await wait_until(both_are_ended)
    assert patient.is_open, "between two requests, or busy"


def test_the_system_is_asked_for_as_many_files_as_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(file_limit.resource, "setrlimit", lambda _, both: asked.append(both))
    for soft, hard, count, room in (
        (1024, 1 << 20, 4096, 4096), (1024, 2048, 4096, 2048 - BESIDE_CONNECTIONS), (1 << 20, 1 << 20, 4096, 4096),
        (100, 100, 4096, 1),
    ):  # fmt: skip
        monkeypatch.setattr(file_limit.resource, "getrlimit", lambda _, both=(soft, hard): both)
        assert allow_connections(count) == room
    assert asked == [(4096 + BESIDE_CONNECTIONS, 1 << 20), (2048, 2048), (100, 100)]
