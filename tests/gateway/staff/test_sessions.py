"""Sessions of staff end with their time, their key and their badge; a badge signs in by a tap that is new."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.operate.tag_key_file import create_tag_key
from gateway.brand.live import BrandView, build_brand_view
from gateway.http.staff_sessions import COOKIE, SESSION_S, Holder, Sessions, holder_of_badge, holder_of_key
from schemas.brand.model import ApiKey, Brand, Tag
from schemas.trust.keys import TagKeys
from tests.gateway.trust.test_forged_tags import tap_query
from tests.support.gateway_process import IDENTIFIER_KEY
from tests.support.lone_phone import SESSION_KEY, Phone, Stream, cookies_set

NOW_S = 1_790_000_000.0
TABLET = ApiKey(id="tablet", hash=f"sha256:{hashlib.sha256(b'tablet').hexdigest()}", scopes=("staff",))
BADGE = Tag(id="badge-1", placement="staff_badge", trigger="nfc_tap", security="ntag424")
KEYS, BADGES = (holder_of_key(TABLET), {"api_keys": (TABLET,)}), (holder_of_badge(BADGE), {"tags": {BADGE.id: BADGE}})
replace = msgspec.structs.replace


def cookies(sessions: Sessions, holder: Holder | None) -> dict[str, str]:
    assert holder is not None
    value = sessions.begun(holder, True, NOW_S).decode().partition(";")[0]
    return {COOKIE: value.partition("=")[2]}


def with_(brand_view: BrandView, **sections: Any) -> Brand:
    brand: Brand = replace(brand_view.brand, **({"api_keys": (), "tags": {}} | sections))
    return brand


@pytest.mark.parametrize(("holder", "sections"), [KEYS, BADGES], ids=["key", "badge"])
def test_a_session_ends_with_its_time_and_with_what_began_it(
    brand_view: BrandView, holder: Holder, sections: dict[str, Any]
) -> None:
    sessions, brand = Sessions(b"k", "/staff"), with_(brand_view, **sections)
    begun = cookies(sessions, holder)
    assert sessions.holder(begun, brand, NOW_S) == holder
    assert Sessions(b"k", "/staff").holder(begun, brand, NOW_S + SESSION_S - 1) == holder, "on every gateway"
    assert sessions.holder(begun, brand, NOW_S + SESSION_S) is None
    assert sessions.holder(begun, with_(brand_view), NOW_S) is None, "it left the brand"
    assert sessions.holder(cookies(Sessions(b"other", "/staff"), holder), brand, NOW_S) is None


def test_another_key_or_chip_under_its_id_ends_a_session(brand_view: BrandView) -> None:
    sessions = Sessions(b"k", "/staff")
    begun = cookies(sessions, KEYS[0])
    for other in (
        replace(TABLET, hash="sha256:" + "0" * 64), replace(TABLET, scopes=("events:till",)),
        replace(TABLET, public=True), replace(TABLET, id="tabletx"),
    ):  # fmt: skip
        assert sessions.holder(begun, with_(brand_view, api_keys=(other,)), NOW_S) is None
    begun = cookies(sessions, BADGES[0])
    for tag in (
        replace(BADGE, uid="04AABBCCDDEEFF"),
        replace(BADGE, security="signed"),
        replace(BADGE, placement="shelf"),
    ):
        assert sessions.holder(begun, with_(brand_view, tags={BADGE.id: tag}), NOW_S) is None
    same = replace(TABLET, id=BADGE.id, hash="")
    assert sessions.holder(begun, with_(brand_view, api_keys=(same,)), NOW_S) is None, "a badge is no key"


def test_a_made_up_session_is_none(brand_view: BrandView) -> None:
    sessions, brand = Sessions(b"k", "/staff"), with_(brand_view, **KEYS[1])
    value = cookies(sessions, KEYS[0])[COOKIE]
    for at in range(len(value) - 1):
        changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        assert sessions.holder({COOKIE: changed}, brand, NOW_S) is None, at
    for made_up in ("", "A", "ü", "A" * 5_000, value + "AAAA", value[:-4], "=" * 40):
        assert sessions.holder({COOKIE: made_up}, brand, NOW_S) is None, made_up


async def test_a_badge_that_is_tapped_signs_in_and_a_copied_link_does_not(
    brand_view: BrandView, tmp_path: Path
) -> None:
    create_tag_key(tmp_path / "tag.keys")
    keys, printed = TagKeys(tmp_path / "tag.keys"), Tag(id="badge-2", placement="staff_badge")
    signing = keys.signing
    assert signing is not None
    shelf = replace(BADGE, id="bottle-1", placement="packaging")
    brand = replace(brand_view.brand, tags={one.id: one for one in (BADGE, printed, shelf)})
    phone = Phone(build_brand_view(brand, IDENTIFIER_KEY), Stream(), keys)

    def tapped(tag: Tag, counter: int) -> str:
        return tap_query(signing, counter, tag=tag, brand=brand.about.id)

    signed_in = cookies_set(await phone.get(BADGE.id, tapped(BADGE, 1)))
    holder = Sessions(SESSION_KEY, "/staff").holder(signed_in, brand, 0)
    assert holder is not None and (holder.id, holder.is_badge) == (BADGE.id, True)
    assert COOKIE not in cookies_set(await phone.get(BADGE.id, tapped(BADGE, 1), cookies="")), "copied"
    assert COOKIE not in cookies_set(await phone.get(BADGE.id, "fp=x.y")), "forged"
    assert COOKIE not in cookies_set(await phone.get(printed.id)), "a printed one can be photographed"
    assert COOKIE not in cookies_set(await phone.get(shelf.id, tapped(shelf, 1))), "no badge"
    assert COOKIE in cookies_set(await phone.get(BADGE.id, tapped(BADGE, 2), cookies="")), "tapped again"
