"""The memory of all bodies at once is bounded, and one sender has half of it at most."""

import pytest

from gateway.http.body import BodyMemory
from gateway.http.errors import ErrorKind, RequestError


def test_a_sender_takes_half_of_the_memory_and_all_senders_all_of_it() -> None:
    memory = BodyMemory(100, 40, 10)
    with memory.of("web") as first, memory.of("web") as second, memory.of("till") as third:
        first.take(30)
        second.take(20)
        with pytest.raises(RequestError) as refused:
            second.take(1)
        assert refused.value.kind is ErrorKind.SATURATED and refused.value.retry_after_s
        third.take(50)
        with pytest.raises(RequestError), memory.of("beacon") as fourth:
            fourth.take(1)
    with memory.of("web") as again:
        again.take(50)


def test_there_is_room_for_the_largest_body() -> None:
    memory = BodyMemory(100, 80, 10)
    with memory.of("till") as held:
        for _ in range(8):
            held.take(10)
        with pytest.raises(RequestError):
            held.take(1)


def test_a_sender_has_so_many_requests_at_once() -> None:
    memory = BodyMemory(100, 10, 2)
    with memory.of("web"), memory.of("web"), memory.of("till"):
        with pytest.raises(RequestError) as refused, memory.of("web"):
            pass
        assert refused.value.kind is ErrorKind.SATURATED
    with memory.of("web"), memory.of("web"):
        pass
