"""API keys are found by their hash."""

from gateway.http.keys import bearer, find_key
from schemas.brand.load import load
from tests.support.gateway_process import BRAND


def test_keys_are_found_by_their_hash_alone() -> None:
    keys = load(BRAND).api_keys
    found = find_key("web-secret", keys)
    assert found is not None and found.id == "web"
    assert find_key("", keys) is None and find_key(keys[0].hash, keys) is None
    assert (bearer("bearer  x "), bearer("Basic x"), bearer("")) == ("x", "", "")
