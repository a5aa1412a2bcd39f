"""Ports are settings: a port in use is told by its setting's name, 0 takes a free one."""

import socket

import pytest

from deploy.local import ports


def test_a_port_in_use_names_the_setting_and_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortError) as refused:
            ports.take("FOOTPATH_KAFKA_PORT", port)
    assert str(refused.value) == (
        f"FOOTPATH_KAFKA_PORT={port} is in use: stop what listens there or set FOOTPATH_KAFKA_PORT (0 takes a free one)"
    )


def test_zero_takes_a_free_port_that_can_be_listened_on() -> None:
    port = ports.take("FOOTPATH_KAFKA_PORT", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
        free.listen()
    assert ports.take("FOOTPATH_KAFKA_PORT", port) == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ports.PortError, match=f"FOOTPATH_GATEWAY_PORT={port} is no port"):
        ports.take("FOOTPATH_GATEWAY_PORT", port)
