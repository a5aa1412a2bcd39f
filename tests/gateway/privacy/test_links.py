"""A link to everything about a person: the same answer for every address, a message, one use."""

import asyncio
import re
import time

import pytest

from gateway.brand.live import BrandView
from gateway.privacy.tokens import LINK_S, Tokens
from schemas.events import PrivacyRequested
from schemas.topics import PRIVACY_REQUESTED
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayProcess, read_events, wait_until
from tests.support.privacy_client import address
from tests.support.privacy_page import Mailbox, Phone, form_to, forms, mail_server
from tests.support.privacy_stream import NOTHING, answer, data_parts, publish


async def asked(phone: Phone, to: str) -> str:
    """The page after a link was asked for."""
    page = await phone.page()
    response = await phone.post("/privacy/link", form_to(page, "/link") | {"address": to})
    assert response.status == 200
    return await response.text()


async def received(mailbox: Mailbox, count: int = 1) -> None:
    async def holds() -> bool:
        return len(mailbox.messages) >= count

    await wait_until(holds)


async def link_to(phone: Phone, smtp_port: int, to: str) -> str:
    mailbox = Mailbox()
    async with mail_server(smtp_port, mailbox):
        await asked(phone, to)
        await received(mailbox)
    return mailbox.link()


async def requests_to(bootstrap: str, identifier: str, count: int = 1) -> list[PrivacyRequested]:
    return await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == identifier, count)


async def test_a_link_is_sent_and_works_once(
    phone: Phone, page_gateway: GatewayProcess, bootstrap: str, brand_view: BrandView, smtp_port: int
) -> None:
    ann = address()
    mailbox = Mailbox()
    async with mail_server(smtp_port, mailbox):
        assert "Look into your mailbox" in await asked(phone, f" {ann.upper()} ")
        await received(mailbox)
    [message] = mailbox.messages
    assert (message["From"], message["X-Envelope"].lower()) == ("privacy@shop.example", ann)
    assert message["Subject"] == "Your data at Corner Shops" and message["Auto-Submitted"] == "auto-generated"
    link = mailbox.link()

    async with Phone(page_gateway) as previewer:
        for _ in range(3):
            assert "Everything about you" in await previewer.page(link)
        await previewer.request("HEAD", link)
    page = await phone.page(link)
    response = await phone.post(link, form_to(page, link, action="export"))
    assert response.status == 303
    where = response.headers["Location"]
    identifier = brand_view.pseudonyms.identifier("email", ann)
    [record] = await requests_to(bootstrap, identifier)
    assert (record.action, record.scope, record.source) == ("export", "person", "page")

    again = await phone.post(link, form_to(page, link, action="export"))
    assert again.status == 410
    erase = await phone.post(link, form_to(page, link, action="export") | {"action": "erase"})
    assert erase.status == 410 and "was used already" in await erase.text()
    async with Phone(page_gateway) as other:
        assert (await other.request("GET", link)).status == 410
        assert (await other.request("GET", where)).status == 404
    other_gateway = GatewayProcess(bootstrap, page_gateway.spool.parent / "second")
    try:
        await other_gateway.start("/health/ready")
        async with Phone(other_gateway) as elsewhere:

            async def knows() -> bool:
                return (await elsewhere.request("GET", link)).status == 410

            await wait_until(knows)
    finally:
        other_gateway.close()

    await publish(bootstrap, [*data_parts(record, NOTHING, 2), answer(record, parts=2)])

    async def done() -> bool:
        return "Download the file" in await phone.page(where)

    await wait_until(done)
    file = await phone.request("GET", f"{where}/data")
    assert file.status == 200 and (await file.json())["scope"] == "person"


async def test_an_erasure_of_the_person_asks_once_more(
    phone: Phone, bootstrap: str, brand_view: BrandView, smtp_port: int
) -> None:
    ann = address()
    link = await link_to(phone, smtp_port, ann)
    response = await phone.post(link, form_to(await phone.page(link), link, action="sure"))
    sure = await response.text()
    assert response.status == 200 and "points and purchases, too" in sure
    assert "Everything about you" in await phone.page(link), "nothing is used up by the question"
    used = await phone.post(link, form_to(sure, link, action="erase"))
    assert used.status == 303
    [record] = await requests_to(bootstrap, brand_view.pseudonyms.identifier("email", ann))
    assert (record.action, record.scope) == ("erase", "person")


async def test_two_buttons_at_once_are_one_use(
    phone: Phone, bootstrap: str, brand_view: BrandView, smtp_port: int
) -> None:
    ann = address()
    link = await link_to(phone, smtp_port, ann)
    fields = form_to(await phone.page(link), link, action="export")
    responses = await asyncio.gather(
        phone.post(link, fields), phone.post(link, fields | {"action": "erase"}), phone.post(link, fields)
    )
    assert sorted(response.status for response in responses) == [303, 410, 410]


async def test_the_answer_is_the_same_whatever_the_address_is(
    phone: Phone, bootstrap: str, smtp_port: int, client_addresses: list[str]
) -> None:
    known = address()
    answers = []
    for to in (known, known, known, known, known, address(), *client_addresses):
        answers.append(re.sub(r'value="[^"]*"', "", await asked(phone, to)))
    assert len({*answers}) == 1 and len(answers) == 5 + 1 + len(client_addresses)


@pytest.fixture
def client_addresses() -> list[str]:
    """What is no address, or should not be one."""
    return [
        "", "ann", "null", "test@test.de", "a@b.example\r\nBcc: all@shop.example", "a@b.example\nSubject: x",
        '"><script>alert(1)</script>@b.example', "a@b.example,c@d.example", "a b@c.example", "ä@b.example",
        "x" * 300 + "@b.example", "a@b.example\0",
    ]  # fmt: skip


async def test_nothing_but_one_address_gets_a_message(
    page_gateway: GatewayProcess, smtp_port: int, client_addresses: list[str]
) -> None:
    mailbox = Mailbox()
    ann = address()
    async with Phone(page_gateway) as phone, mail_server(smtp_port, mailbox):
        for to in (*client_addresses, ann):
            await asked(phone, to)

        async def came() -> bool:
            return any(message["X-Envelope"] == ann for message in mailbox.messages)

        await wait_until(came)
        # Others are of the tests before, whose server was away.
        assert all(message["X-Envelope"].endswith("@shop.example") for message in mailbox.messages)
        assert all(message["X-Envelope"].count("@") == 1 for message in mailbox.messages)
        assert all("Bcc" not in message and message["Subject"].startswith("Your data") for message in mailbox.messages)


async def test_an_address_gets_few_messages_and_a_client_may_ask_for_few(
    page_gateway: GatewayProcess, smtp_port: int
) -> None:
    mailbox, ann = Mailbox(), address()
    async with mail_server(smtp_port, mailbox):
        for _ in range(3):  # three phones
            async with Phone(page_gateway) as phone:
                for _ in range(2):
                    await asked(phone, ann)
        async with Phone(page_gateway) as phone:
            fields = form_to(await phone.page(), "/link")
            statuses = []
            for _ in range(25):
                statuses.append((await phone.post("/privacy/link", fields | {"address": address()})).status)
        assert statuses == [200] * 20 + [429] * 5
        await received(mailbox, 23)
    assert sum(message["X-Envelope"] == ann for message in mailbox.messages) == 3


async def test_a_server_that_refuses_is_tried_again(page_gateway: GatewayProcess, smtp_port: int) -> None:
    mailbox = Mailbox(refusals=1)
    async with mail_server(smtp_port, mailbox), Phone(page_gateway) as phone:
        began = time.monotonic()
        await asked(phone, address())
        answered = time.monotonic() - began
        await received(mailbox)
        assert time.monotonic() - began > answered, "nobody waited for the message"
    log = page_gateway.log.read_text()
    assert "a letter could not be sent" in log and "@" not in log.replace("privacy@shop.example", "")


async def test_a_link_that_is_not_ours_is_none(phone: Phone, smtp_port: int, brand_view: BrandView) -> None:
    link = await link_to(phone, smtp_port, address())
    token = link.rpartition("/")[2]
    identifier = brand_view.pseudonyms.identifier("email", address())
    now = time.time()
    wrong = [
        token[:-1] + ("A" if token[-1] != "A" else "B"), token[1:], f"{token}A", "A" * len(token), "x", "%00",
        ("B" if token[0] != "B" else "C") + token[1:], token[:30] + token[31:] + "A", token.swapcase(),
        Tokens(bytes(32)).link(identifier, now), Tokens(IDENTIFIER_KEY).link(identifier, now - LINK_S - 1),
        Tokens(IDENTIFIER_KEY).browser("30d1df94-1514-898a-8ca6-2c3a2d92303e", now),
    ]  # fmt: skip
    fields = form_to(await phone.page(link), link, action="export")
    for one in wrong:
        assert (await phone.request("GET", f"/privacy/link/{one}")).status == 410, one
        assert (await phone.post(f"/privacy/link/{one}", fields)).status == 410, one
    good = Tokens(IDENTIFIER_KEY).link(identifier, now)
    assert forms(await phone.page(f"/privacy/link/{good}"))


async def test_the_host_header_decides_nothing(page_gateway: GatewayProcess, smtp_port: int) -> None:
    mailbox = Mailbox()
    async with mail_server(smtp_port, mailbox), Phone(page_gateway, Host="evil.example") as phone:
        await asked(phone, address())
        await received(mailbox)
    text = mailbox.messages[0].get_content()
    assert "https://privacy.example/privacy/link/" in text and "evil" not in text
