"""Bounds: rates, remembered ids, addresses."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from gateway.clients import client_of
from gateway.keys import bearer, find_key
from gateway.limits import MAX_BUCKETS, Buckets
from gateway.recent import Recent
from schemas.brand.load import load
from tests.gateway.street import BRAND


def test_a_bucket_lets_a_seconds_worth_through_and_fills_again() -> None:
    buckets = Buckets(10)
    assert [buckets.take("a", 1, 0.0) for _ in range(10)] == [0.0] * 10
    assert buckets.take("a", 1, 0.0) == pytest.approx(0.1)
    assert buckets.take("b", 1, 0.0) == 0.0
    assert buckets.take("a", 5, 0.5) == 0.0
    assert buckets.take("a", 1, 0.5) > 0


def test_a_batch_larger_than_the_rate_passes_when_rested_and_is_paid_for_afterwards() -> None:
    buckets = Buckets(10)
    assert buckets.take("a", 30, 0.0) == 0.0
    assert buckets.take("a", 1, 1.0) == pytest.approx(1.1)
    assert buckets.take("a", 1, 2.2) == 0.0
    assert buckets.take("nothing", 1, 0.0, per_s=0) > 0


def test_memory_for_strangers_is_bounded() -> None:
    buckets = Buckets(1)
    for number in range(MAX_BUCKETS + 10):
        buckets.take(str(number), 1, 0.0)
    assert len(buckets._buckets) == MAX_BUCKETS
    recent = Recent(max_ids=3)
    recent.add(["a", "b", "c", "d"])
    assert ["a" in recent, "b" in recent, "d" in recent] == [False, True, True]


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
    ],
)
def test_an_address_comes_from_the_socket_unless_a_trusted_proxy_tells(peer: str, forwarded: str, address: str) -> None:
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


def test_keys_are_found_by_their_hash_alone() -> None:
    keys = load(BRAND).api_keys
    found = find_key("web-secret", keys)
    assert found is not None and found.id == "web"
    assert find_key("", keys) is None and find_key(keys[0].hash, keys) is None
    assert (bearer("bearer  x "), bearer("Basic x"), bearer("")) == ("x", "", "")
