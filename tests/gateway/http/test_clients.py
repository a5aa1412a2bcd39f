"""The address that stands for a client."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from gateway.http.clients import client_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "1.1.1.1", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.1", "nonsense", "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        ("::ffff:1.2.3.4", "", "1.2.3.4"),
        ("10.0.0.1", "198.51.100.7:40001", "198.51.100.7"),
        ("10.0.0.1", '"198.51.100.7"', "198.51.100.7"),
        ("10.0.0.1", '"198.51.100.7:40001"', "198.51.100.7"),
        ("10.0.0.1", "[2001:db8:7::1]", "2001:db8:7::"),
        ("10.0.0.1", "[2001:db8:7::1]:443", "2001:db8:7::"),
        ("10.0.0.1", '"[2001:db8:7::1]:443"', "2001:db8:7::"),
        ("10.0.0.1", "2001:db8:7::1", "2001:db8:7::"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.1.2.3:8443", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, ::ffff:10.1.2.3", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, [::ffff:10.1.2.3]:8443,", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.9", "1.1.1.1", "198.51.100.9"),
        ("10.0.0.1", "[", "unknown"),
        ("10.0.0.1", ":", "unknown"),
    ],
)
def test_an_address_comes_from_the_socket_unless_a_trusted_proxy_names_another(
    peer: str, forwarded: str, address: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {
        "type": "http",
        "client": (peer, 1),
        "headers": headers,
        "scheme": "http",
        "server": ("a", 80),
        "path": "/",
    }
    assert client_of(Request(scope), [ip_network("10.0.0.0/8")]).address == address


@pytest.mark.parametrize(
    ("peer", "schemes", "https"),
    [
        ("10.0.0.1", ["https"], True),
        ("10.0.0.1", ["https, http"], True),
        ("10.0.0.1", ["https,https"], True),
        ("10.0.0.1", ["HTTPS", "http"], True),
        ("10.0.0.1", ['"https"'], True),
        ("::ffff:10.0.0.1", ["https"], True),
        ("10.0.0.1", ["http, https"], False),
        ("10.0.0.1", [""], False),
        ("10.0.0.1", [], False),
        ("198.51.100.7", ["https"], False),
    ],
)
def test_the_scheme_is_that_of_the_phones_own_connection(peer: str, schemes: list[str], https: bool) -> None:
    headers = [(b"x-forwarded-proto", scheme.encode()) for scheme in schemes]
    scope = {
        "type": "http",
        "client": (peer, 1),
        "headers": headers,
        "scheme": "http",
        "server": ("a", 80),
        "path": "/",
    }
    assert client_of(Request(scope), [ip_network("10.0.0.0/8")]).https is https
