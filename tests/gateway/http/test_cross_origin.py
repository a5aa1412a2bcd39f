"""Which web pages are the brand's own."""

import pytest

from gateway.http.cross_origin import is_registered_origin

DESTINATIONS = (
    "https://Shop.example/de", "https://corner.example:443", "http://kiosk.example:8080/a?b#c", "https://käse.example",
    "https://[2001:db8::1]:8443/", "https://", "ftp://files.example", "https://bad.example:port",
)  # fmt: skip


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example", "https://corner.example", "http://kiosk.example:8080", "https://xn--kse-qla.example",
        "https://[2001:db8::1]:8443",
    ],
)  # fmt: skip
def test_a_page_of_a_destinations_origin_is_the_brands_own(origin: str) -> None:
    assert is_registered_origin(origin, DESTINATIONS)


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example", "https://shop.example:8443", "https://shop.example.evil", "https://evil-shop.example",
        "https://www.shop.example", "https://kiosk.example:8080", "null", "", "https://", "*", "ftp://files.example",
    ],
)  # fmt: skip
def test_any_other_page_is_not(origin: str) -> None:
    assert not is_registered_origin(origin, DESTINATIONS)
