"""Ports are settings: an error names the setting of a port in use, and 0 selects a free port."""

import socket
from urllib.parse import urlsplit

import pytest

from deploy.local import ports, stack
from gateway.serve import listen


def test_a_port_in_use_names_the_setting_and_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortError) as refused:
            ports.take("FOOTPATH_KAFKA_PORT", port)
    assert str(refused.value) == (
        f"FOOTPATH_KAFKA_PORT={port} is in use: stop what listens there "
        "or set FOOTPATH_KAFKA_PORT (0 selects a free one)"
    )


def test_zero_selects_a_free_port_that_can_be_listened_on() -> None:
    port = ports.take("FOOTPATH_KAFKA_PORT", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
        free.listen()
    assert ports.take("FOOTPATH_KAFKA_PORT", port) == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_not_a_port_is_refused(port: int) -> None:
    with pytest.raises(ports.PortError, match=f"FOOTPATH_GATEWAY_PORT={port} is not a port"):
        ports.take("FOOTPATH_GATEWAY_PORT", port)


@pytest.mark.parametrize("host", ["::", "::1", "0.0.0.0"])
def test_every_address_of_this_machine_can_be_listened_on(host: str) -> None:
    port = ports.take("FOOTPATH_GATEWAY_PORT", 0, host, "FOOTPATH_GATEWAY_HOST")
    assert ports.take("FOOTPATH_GATEWAY_PORT", port, host, "FOOTPATH_GATEWAY_HOST") == port
    with listen(host, port) as sock:
        assert sock.getsockname()[1] == port
        with pytest.raises(ports.PortError, match=f"FOOTPATH_GATEWAY_PORT={port} is in use"):
            ports.take("FOOTPATH_GATEWAY_PORT", port, host, "FOOTPATH_GATEWAY_HOST")
        reached = urlsplit(stack._url(host, port))
        socket.create_connection((reached.hostname, reached.port), 5).close()
        if host != "::1":
            socket.create_connection(("127.0.0.1", port), 5).close()


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8::9", "no such host"])
@pytest.mark.parametrize("port", [0, 28_123])
def test_an_address_of_another_machine_is_named_and_not_the_port(host: str, port: int) -> None:
    with pytest.raises(ports.PortError, match=f"FOOTPATH_GATEWAY_HOST={host} cannot be used"):
        ports.take("FOOTPATH_GATEWAY_PORT", port, host, "FOOTPATH_GATEWAY_HOST")
