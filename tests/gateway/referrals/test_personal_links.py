"""Personal links: made for whoever may ask, followed in any writing, and nobody's when made up."""

import dataclasses
import json
import random
from typing import Any

import msgspec
import pytest

from gateway.brand.live import BrandView
from gateway.scan.personal_links import PersonalLinks
from schemas.ids import person_of
from schemas.kinds import REFERRER
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayClient, read_events
from tests.support.seeds import draw_seed

LINKS = PersonalLinks(IDENTIFIER_KEY)
ANN = person_of("customer:ann")


def code_of(view: BrandView, profile: str = ANN) -> str:
    link = LINKS.link(view, profile, "")
    assert link is not None
    return link.removeprefix("/s/")


def test_a_link_leads_to_the_programme_s_tag_and_says_whose_it_is(brand_view: BrandView) -> None:
    code = code_of(brand_view)
    assert code == code_of(brand_view) and code.startswith("r.") and code.islower() and len(code) == 54
    for written in (code, code.upper(), f"{code}.", f"{code})", f"{code}/"):
        found = LINKS.followed(written, brand_view)
        assert found is not None and (found[0].id, found[1]) == ("page-1", ANN), written
    assert ANN.replace("-", "") not in code and code != code_of(brand_view, person_of("customer:ben"))


def test_a_code_that_somebody_made_up_is_none(brand_view: BrandView) -> None:
    chance, code = random.Random(draw_seed()), code_of(brand_view)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    forged = [f"r.{''.join(chance.choices(letters, k=52))}" for _ in range(200)]
    for place in range(2, 53):
        other = chance.choice(letters.replace(code[place], ""))
        forged.append(f"{code[:place]}{other}{code[place + 1 :]}")
    forged += ["r.", "r.x", f"{code}a", code[:-1], "r." + "1" * 52, "r." + "ü" * 52]
    assert [one for one in forged if LINKS.followed(one, brand_view) is not None] == []


def test_a_link_is_of_one_deployment_and_one_brand(brand_view: BrandView) -> None:
    code = code_of(brand_view)
    assert PersonalLinks(b"another key of 32 bytes or so...").followed(code, brand_view) is None
    about = msgspec.structs.replace(brand_view.brand.about, id="other")
    other = msgspec.structs.replace(brand_view.brand, about=about)
    assert LINKS.followed(code, dataclasses.replace(brand_view, brand=other)) is None
    none = dataclasses.replace(brand_view, brand=msgspec.structs.replace(brand_view.brand, referral={}))
    assert (LINKS.followed(code, none), LINKS.link(none, ANN, "")) == (None, None)


async def asked(client: GatewayClient, body: Any, key: str = "crm-secret", **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    return await client.request("POST", "/v1/referrals/link", data=json.dumps(body), headers=headers)


async def test_a_friend_s_scan_says_whose_link_it_was(
    client: GatewayClient, bootstrap: str, brand_view: BrandView, replying_stream: None
) -> None:
    response = await asked(client, {"identifier": {"type": "customer", "value": "C-7"}})
    link = (await response.json())["link"]
    scanned = await client.scan(f"{link.rpartition('/')[2]}?utm_source=chat&{REFERRER}=x")
    assert scanned.headers["Footpath-Outcome"] == "routed"
    event_id = scanned.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    mine = person_of(brand_view.pseudonyms.identifier("customer", "C-7"))
    assert (scan.tag, scan.placement, json.loads(scan.properties)) == (
        "page-1", "poster", {"query": {"utm_source": "chat"}, REFERRER: mine},
    )  # fmt: skip


async def test_a_forged_link_leads_to_the_fallback_and_is_nobody_s(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    scanned = await client.scan(f"r.{'a' * 52}")
    assert scanned.headers["Location"] == "https://corner.example/hello"
    event_id = scanned.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.placement, scan.properties) == ("", "{}")


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("", {"identifier": {"type": "customer", "value": "C-7"}}, 401),
        ("till-secret", {"identifier": {"type": "customer", "value": "C-7"}}, 403),
        ("web-secret", {"identifier": {"type": "customer", "value": "C-7"}}, 403),
        ("crm-secret", {"identifier": {"type": "customer", "value": "null"}}, 422),
        ("crm-secret", {"identifier": {"type": "nothing", "value": "C-7"}}, 422),
        ("crm-secret", {"identifier": {"type": "email", "value": "no address"}}, 422),
        ("crm-secret", {"identifier": {"type": "email"}}, 422),
        ("crm-secret", {"person": "C-7"}, 422),
        ("crm-secret", [], 422),
    ],
)
async def test_whoever_may_not_ask_gets_no_link(client: GatewayClient, key: str, body: Any, status: int) -> None:
    assert (await asked(client, body, key)).status == status


async def test_no_web_page_gets_a_link(client: GatewayClient) -> None:
    body = {"identifier": {"type": "customer", "value": "C-7"}}
    assert (await asked(client, body, Origin="https://corner.example")).status == 403
