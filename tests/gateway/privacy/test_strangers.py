"""Another person's data, asked for in every way that we could think of: nobody gets it, and nothing is done with it."""

import asyncio
from uuid import uuid4

import pytest
from yarl import URL

from gateway.privacy.tokens import DAY_S, Tokens
from schemas.events import PrivacyRequested
from schemas.identifiers.devices import IssuedDevices, new_device
from schemas.topics import PRIVACY_REQUESTED, TOUCHPOINT_RECORDED
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayProcess, read_events, wait_until
from tests.support.privacy_page import Phone, form_to
from tests.support.privacy_stream import answering, known, publish


class Victim:
    """Ann's phone with an export that is done, and what a stranger may know or guess of her."""

    def __init__(self, phone: Phone, identifier: str, cookie: str, page: str, export: str) -> None:
        self.phone, self.identifier, self.cookie, self.page, self.export = phone, identifier, cookie, page, export
        self.request_id = export.rpartition("/")[2]


@pytest.fixture
async def ann(phone: Phone, page_gateway: GatewayProcess, bootstrap: str) -> Victim:
    event_id = (await phone.scan("page-1")).headers["Footpath-Event"]
    [scan] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    cookie = phone.cookies.filter_cookies(URL(page_gateway.url))["fp_device"].value
    async with answering(bootstrap, known):
        page = await phone.page()
        where = (await phone.post("/privacy/export", form_to(page, "/export"))).headers["Location"]

        async def done() -> bool:
            return "Download the file" in await phone.page(where)

        await wait_until(done)
    return Victim(phone, scan.primary_identifier, cookie, page, where)


@pytest.fixture
async def stranger(page_gateway: GatewayProcess) -> Phone:
    """A phone with a device of its own."""
    other = Phone(page_gateway)
    await other.scan("page-1")
    return other


async def test_the_file_is_for_the_device_that_asked(ann: Victim, page_gateway: GatewayProcess) -> None:
    assert (await ann.phone.request("GET", f"{ann.export}/data")).status == 200, "she gets it"
    device = ann.cookie.partition(".")[0]
    forged = IssuedDevices(bytes(32)).signed(device)
    cookies = {
        "no cookie": "",
        "another device": IssuedDevices(IDENTIFIER_KEY).signed(new_device()),
        "her device without a signature": device,
        "signed with another key": forged,
        "a changed signature": ann.cookie[:-1] + ("A" if ann.cookie[-1] != "A" else "Q"),
        "in another case": ann.cookie.swapcase(),
        "her identifier": ann.identifier.partition(":")[2],
    }
    for what, cookie in cookies.items():
        async with Phone(page_gateway, Cookie=f"fp_device={cookie}") as other:
            for path in (ann.export, f"{ann.export}/data", f"{ann.export.upper().replace('/PRIVACY/REQUESTS', '')}"):
                assert (await other.request("GET", path)).status == 404, (what, path)
            assert "Points: 40." not in await other.page(), what


async def test_a_request_cookie_is_of_one_request(ann: Victim, page_gateway: GatewayProcess) -> None:
    tokens = Tokens(IDENTIFIER_KEY)
    cookies = {
        "made up": "x", "another key": Tokens(bytes(32)).browser(ann.request_id, 4e9),
        "of another request": tokens.browser(str(uuid4()), 4e9), "expired": tokens.browser(ann.request_id, 0),
        "a link": tokens.link(f"email:{'0' * 32}", 4e9),
    }  # fmt: skip
    for what, cookie in cookies.items():
        async with Phone(page_gateway, Cookie=f"fp_request={cookie}") as other:
            assert (await other.request("GET", f"{ann.export}/data")).status == 404, what


async def test_other_ids_lead_nowhere(ann: Victim) -> None:
    for made_up in (
        str(uuid4()),
        ann.request_id[::-1],
        "1",
        "..%2f..%2fmetrics",
        "%00",
        f"{ann.request_id}%0a",
        "%c3%a9",
    ):
        assert (await ann.phone.request("GET", f"/privacy/requests/{made_up}/data")).status == 404, made_up


async def nothing_came_of_it(bootstrap: str, identifier: str, since: int) -> None:
    """Nobody asked for an erasure, and nobody spoke for her."""
    marker = PrivacyRequested(
        event_id=str(uuid4()), request_id=str(uuid4()), action="show", scope="device", identifier=identifier,
        source="test", occurred_at=1,
    )  # fmt: skip
    await publish(bootstrap, [marker])
    found = await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == identifier, since + 1)
    assert [one.action for one in found if one.action == "erase"] == []


async def test_forms_of_elsewhere_are_refused(
    ann: Victim, stranger: Phone, page_gateway: GatewayProcess, bootstrap: str
) -> None:
    now = 4e9
    fields = form_to(ann.page, "/export")
    theirs = form_to(await stranger.page(), "/export")
    tokens = Tokens(IDENTIFIER_KEY)
    device = ann.cookie.partition(".")[0]
    attacks: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "a page of another site": (fields, {"Sec-Fetch-Site": "cross-site"}),
        "a neighbour below the domain": (fields, {"Sec-Fetch-Site": "same-site"}),
        "an older browser on another site": (fields, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"}),
        "an origin that hides": (fields, {"Sec-Fetch-Site": "", "Origin": "null"}),
        "an origin that begins like ours": (
            fields, {"Sec-Fetch-Site": "", "Origin": "https://privacy.example.evil.example"},
        ),
        "no token": ({}, {}),
        "an empty token": ({"token": ""}, {}),
        "a token of another device": (theirs, {}),
        "a token of no device": ({"token": tokens.form("", now)}, {}),
        "a token of another key": ({"token": Tokens(bytes(32)).form(device, now)}, {}),
        "a token of last week": ({"token": tokens.form(device, now - 7 * DAY_S)}, {}),
    }  # fmt: skip
    for what, (form, headers) in attacks.items():
        headers = {name: text for name, text in {"Sec-Fetch-Site": "same-origin", **headers}.items() if text}
        for path in ("/privacy/export", "/privacy/erase", "/privacy/consent"):
            more = {"key": "identity", "given": "1", "version": "2"} if path.endswith("consent") else {}
            response = await ann.phone.request("POST", path, data=form | more, headers=headers)
            assert response.status == 403, (what, path)
            assert "This did not work" in await response.text()
    assert (await stranger.post("/privacy/erase", fields)).status == 403, "her token on another phone"
    async with Phone(page_gateway) as nobody:
        assert (await nobody.post("/privacy/erase", fields)).status == 403
    await nothing_came_of_it(bootstrap, ann.identifier, 2)


async def test_what_is_no_form_is_refused(ann: Victim) -> None:
    fields = form_to(ann.page, "/export")
    form = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    token = f"token={fields['token']}"
    bodies: list[tuple[bytes, dict[str, str], int]] = [
        (b'{"token": "x"}', form | {"Content-Type": "application/json"}, 415),
        (b"x", form | {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (token.encode() + b"&x=" + b"x" * 20_000, form, 413),
        (token.encode() + b"&a=1" * 50, form, 403),
        (f"{token}&token=other".encode(), form, 403),
        (b"token=%ff%fe", form, 403),
        (b"", form, 403),
    ]
    for body, headers, status in bodies:
        response = await ann.phone.request("POST", "/privacy/erase", data=body, headers=headers)
        assert response.status == status, body[:40]
    for path in ("/privacy/export", "/privacy/consent", "/privacy/link"):
        assert (await ann.phone.request("GET", path)).status in (404, 405), "GET does nothing"


async def test_a_switch_is_one_of_those_on_the_page(ann: Victim) -> None:
    fields = form_to(ann.page, "/consent", key="identity")
    for change in ({"key": "everything"}, {"key": "marketing"}, {"key": "personalisation"}, {"given": "2"},
                   {"key": "identity<script>"}, {"given": ""}):  # fmt: skip
        assert (await ann.phone.post("/privacy/consent", fields | change)).status == 403, change


async def test_nothing_that_is_sent_becomes_markup(page_gateway: GatewayProcess) -> None:
    evil = "<script>alert(1)</script>"
    async with Phone(page_gateway, Cookie=f'fp_said={evil}|identity:1:"x; fp_request={evil}') as other:
        for path in ("/privacy", f"/privacy/requests/{evil}", f"/privacy/policy/{evil}", f"/privacy/link/{evil}"):
            for accept in ("en", evil):
                response = await other.request("GET", path, headers={"Accept-Language": accept, "Accept": "text/html"})
                assert "<script" not in await response.text(), path


async def test_a_client_may_load_so_many_pages_a_second(page_gateway: GatewayProcess) -> None:
    async with Phone(page_gateway) as other:

        async def status() -> int:
            return (await super(Phone, other).request("GET", "/privacy")).status

        statuses = await asyncio.gather(*(status() for _ in range(60)))
    assert statuses.count(200) < 40 and 429 in statuses
    async with Phone(page_gateway) as another:
        assert await another.page(), "others are not kept out"


async def test_her_cookie_and_her_link_do_not_show_in_the_log(ann: Victim, page_gateway: GatewayProcess) -> None:
    log = page_gateway.log.read_text()
    assert ann.cookie not in log and ann.cookie.partition(".")[0] not in log and ann.request_id not in log
