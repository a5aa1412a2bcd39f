"""The device cookie: what no gateway signed is nobody's, and what earlier gateways gave is taken for a stated time."""

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.scan.device import COOKIE, HOST_COOKIE, DeviceCookies
from gateway.settings import COOKIE_DAYS, read_settings
from schemas.identifiers.devices import IssuedDevices, is_unsigned, new_device
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.process.settings import SettingError

KEY = bytes(range(32))
ISSUED = IssuedDevices(KEY)
ANN, EVE = "A" * 22, "B" * 22
NOW_S, UNTIL_S = 1_800_000_000.0, 1_800_000_001.0
cookies, upgrading = DeviceCookies(ISSUED), DeviceCookies(ISSUED, UNTIL_S)


def named(header: bytes) -> tuple[str, str, bool]:
    """Name, value and Secure of a Set-Cookie."""
    ((name, one),) = SimpleCookie(header.decode()).items()
    assert one["httponly"] and one["samesite"] == "lax" and one["path"] == "/" and not one["domain"]
    return name, one.value, bool(one["secure"])


@pytest.mark.parametrize("https", [False, True])
def test_a_phone_is_known_by_what_it_was_given(https: bool) -> None:
    first = cookies.device_of({}, https, NOW_S)
    assert is_unsigned(first.id) and first != cookies.device_of({}, https, NOW_S), "a new phone each"
    (header,) = cookies.set_cookies(first, https)
    name, value, secure = named(header)
    assert (name, secure) == ((HOST_COOKIE, True) if https else (COOKIE, False))
    assert cookies.device_of({name: value}, https, NOW_S) == first
    assert DeviceCookies(IssuedDevices(KEY)).device_of({name: value}, https, NOW_S) == first, "at any gateway"
    assert DeviceCookies(IssuedDevices(bytes(32))).device_of({name: value}, https, NOW_S) != first, "of this deployment"


@pytest.mark.parametrize(
    "value",
    [
        "", ANN, ISSUED.signed(ANN)[:-1], ISSUED.signed(ANN) + "A", f"{EVE}.{ISSUED.signed(ANN)[23:]}", f"{ANN}.{ANN}",
        ISSUED.signed(ANN).swapcase(), ISSUED.signed(ANN).replace(".", ""), f" {ISSUED.signed(ANN)}", "a@b.de",
        f"{ISSUED.signed(ANN)}\n", IssuedDevices(bytes(32)).signed(ANN), "../../etc/passwd", "ä" * 45, "null",
    ],
)  # fmt: skip
def test_what_was_not_given_is_a_new_phone(value: str) -> None:
    for https in (False, True):
        found = {cookies.device_of({COOKIE: value, HOST_COOKIE: value}, https, NOW_S).id for _ in range(2)}
        assert len(found) == 2 and not found & {ANN, EVE}


@given(st.text(max_size=60) | st.text("AB.-_", min_size=45, max_size=45))
def test_nobody_makes_up_a_device(value: str) -> None:
    assert ISSUED.issued(value) is None


def test_a_neighbour_below_the_same_domain_gives_no_phone_the_id_of_another() -> None:
    own = cookies.device_of({}, True, NOW_S)
    planted = {COOKIE: ISSUED.signed(EVE)}
    assert cookies.device_of(planted, True, NOW_S).id != EVE
    assert cookies.device_of({**planted, HOST_COOKIE: ISSUED.signed(own.id)}, True, NOW_S) == own


@pytest.mark.parametrize("https", [False, True])
def test_until_a_stated_day_phones_keep_what_earlier_gateways_gave_them(https: bool) -> None:
    before = upgrading.device_of({COOKIE: ANN}, https, NOW_S)
    assert before.id == ANN and before.earlier
    header, *gone = upgrading.set_cookies(before, https)
    name, value, _ = named(header)
    assert upgrading.device_of({name: value}, https, UNTIL_S) == (ANN, False), "and has a signed one from then on"
    assert [named(one)[:2] for one in gone] == ([(COOKIE, "")] if https else []), "the earlier one goes"
    assert upgrading.device_of({COOKIE: ANN}, https, UNTIL_S).id != ANN, "afterwards it is anybody's"
    assert cookies.device_of({COOKIE: ANN}, https, NOW_S).id != ANN, "without a day at once"


def test_a_gateway_that_gets_tls_takes_over_what_it_gave_before() -> None:
    signed = {COOKIE: ISSUED.signed(ANN)}
    assert upgrading.device_of(signed, True, NOW_S) == (ANN, True)
    assert upgrading.device_of({**signed, HOST_COOKIE: ISSUED.signed(EVE)}, True, NOW_S) == (EVE, False)


def test_an_event_may_name_a_device_by_its_cookie() -> None:
    pseudonyms, device = Pseudonyms(KEY), new_device()
    assert pseudonyms.identifier("device", ISSUED.signed(device)) == pseudonyms.identifier("device", device)
    forged = f"{device}.{ANN}"
    assert pseudonyms.identifier("device", forged) != pseudonyms.identifier("device", device)


def test_the_day_is_bounded_and_a_bad_one_is_named(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("00" * 16)
    today = datetime.now(UTC).date()

    def until(day: object) -> float:
        environ = {"FOOTPATH_IDENTIFIER_KEY_FILE": str(key), "FOOTPATH_GATEWAY_EARLIER_COOKIES_UNTIL": str(day)}
        return read_settings(environ).earlier_cookies_until_s

    assert until("") == 0.0, "by default none is taken"
    assert until("2001-09-09") == 999_993_600.0
    assert until(today + timedelta(days=COOKIE_DAYS - 1)) > datetime.now(UTC).timestamp()
    for bad in (today + timedelta(days=COOKIE_DAYS + 2), "tomorrow", "2027-13-01", "20270101"):
        with pytest.raises(SettingError, match=r"^FOOTPATH_GATEWAY_EARLIER_COOKIES_UNTIL="):
            until(bad)
