"""A device goes to another site of the brand by a link that nobody can read, make, change or follow late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identifiers.device_links import AHEAD_S, GOOD_FOR_S, DeviceLinks
from schemas.identifiers.devices import new_device

KEY, NOW_S = bytes(32), 1_800_000_000.5
LINKS = DeviceLinks(KEY)


def test_any_gateway_of_the_deployment_knows_the_device_for_two_minutes() -> None:
    device = new_device()
    link = LINKS.made(device, NOW_S)
    assert device not in link and len(link) < 80 and link.replace("-", "").replace("_", "").isalnum()
    for later_s in (0, GOOD_FOR_S - 1, -AHEAD_S + 1):
        assert DeviceLinks(KEY).device(link, NOW_S + later_s) == device
    for later_s in (GOOD_FOR_S + 1, -AHEAD_S - 1):
        assert LINKS.device(link, NOW_S + later_s) is None
    assert DeviceLinks(bytes(range(32))).device(link, NOW_S) is None


@given(st.integers(0, 70), st.integers(1, 255))
def test_a_changed_link_is_nobodys(at: int, by: int) -> None:
    link = LINKS.made("A" * 22, NOW_S)
    changed = link[: at % len(link)] + chr((ord(link[at % len(link)]) + by) % 128) + link[at % len(link) + 1 :]
    assert LINKS.device(changed, NOW_S) in ({None, "A" * 22} if changed.rstrip("=") == link else {None})


@pytest.mark.parametrize("forged", ["", "=", "a", "ä" * 50, "A" * 60, "A" * 10_000, "\x00", "a b"])
@given(text=st.text(max_size=100))
def test_whatever_a_stranger_sends_is_nobodys(forged: str, text: str) -> None:
    assert LINKS.device(forged, NOW_S) is None and LINKS.device(text, NOW_S) is None
