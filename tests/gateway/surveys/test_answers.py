"""Answers to the questions of pages: from the page's own form, by the phone that has it, once checked and cleaned."""

import json
import re
import time
from html import unescape
from typing import Any

import pytest

from gateway.privacy.tokens import Tokens
from schemas.content import Content, QuestionFacts, written
from schemas.events import TouchpointRecorded
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayClient, fake_stream, read_events

PAGE = {"action": "page", "destination": "https://corner.example/tea", "title": "Hello", "label": "Go on"}
MILK = QuestionFacts("taste", "milk", "choice", "Which milk?", (("cow", "Cow"), ("oat", "Oat & more")), tag="shelf-1")


def asks(facts: QuestionFacts = MILK) -> Any:
    content = written(Content("buy", question=facts))
    return lambda scan: {**PAGE, "content": content} if scan.tag == "shelf-1" else None


def form_of(html: str) -> dict[str, str]:
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    return {name: unescape(value) for name, value in hidden}


async def page(client: GatewayClient, bootstrap: str, facts: QuestionFacts = MILK) -> tuple[str, Any]:
    async with fake_stream(bootstrap, asks(facts)):
        response = await client.scan("shelf-1")
    return await response.text(), response


async def post(client: GatewayClient, fields: dict[str, str], **headers: str) -> Any:
    return await client.request("POST", "/answer", data=fields, headers=headers)


async def answered(bootstrap: str, event_id: str) -> TouchpointRecorded:
    [event] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    return event  # type: ignore[no-any-return]


def device_of(client: GatewayClient) -> str:
    return next(one.value for one in client.cookies if one.key == "fp_device").partition(".")[0]


def token(client: GatewayClient, question: str, tag: str = "shelf-1", device: str = "") -> str:
    return Tokens(IDENTIFIER_KEY).form(f"{device or device_of(client)}\0{tag}\0taste\0{question}", time.time())


async def test_an_answer_is_one_tap_on_the_page_and_an_event(client: GatewayClient, bootstrap: str) -> None:
    html, response = await page(client, bootstrap)
    assert (
        '<button name="answer" value="oat" dir="auto">Oat &amp; more</button>' in html
        and "fp-" not in form_of(html)["token"]
    )
    assert "form-action 'self'" in response.headers["Content-Security-Policy"] and "<script" in html
    thanks = await post(client, {**form_of(html), "answer": "oat"})
    text = await thanks.text()
    assert thanks.status == 200 and "Thank you" in text, text
    event_id = re.search(r"/v1/events/([0-9a-f-]{36})/live", text)
    assert event_id, "what it earns appears on the page"
    event = await answered(bootstrap, event_id[1])
    assert (event.type, event.source, event.tag, event.store, event.placement) == (
        "survey_answered", "scan", "shelf-1", "mitte", "shelf",
    )  # fmt: skip
    assert json.loads(event.properties) == {"survey": "taste", "question": "milk", "answer": "oat"}
    assert event.primary_identifier.startswith("device:")


async def test_a_page_without_a_question_has_no_form(client: GatewayClient, bootstrap: str) -> None:
    async with fake_stream(bootstrap, lambda scan: PAGE):
        response = await client.scan("shelf-1")
    html = await response.text()
    assert "<form" not in html and ".q{" not in html
    assert "form-action 'none'" in response.headers["Content-Security-Policy"]


async def test_only_who_was_asked_may_answer(client: GatewayClient, bootstrap: str) -> None:
    html, _ = await page(client, bootstrap)
    fields = {**form_of(html), "answer": "oat"}
    for forged in (
        {**fields, "token": "x"},
        {**fields, "question": "wish"},
        {**fields, "tag": "page-1"},
        {**fields, "survey": "other"},
        {**fields, "token": token(client, "milk", device="A" * 22)},
        {name: value for name, value in fields.items() if name != "token"},
    ):
        assert (await post(client, forged)).status == 403, forged
    assert (await post(client, fields, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await post(client, fields, Origin="https://evil.example")).status == 403
    client.forget()
    assert (await post(client, fields)).status == 403, "another phone"


@pytest.mark.parametrize(
    ("question", "answer", "status"),
    [
        ("milk", "oat", 200), ("milk", "goat", 422), ("milk", "", 422),
        ("again", "10", 200), ("again", "0", 200), ("again", "11", 422), ("again", "-1", 422), ("again", "٣", 422),
        ("noise", "1", 200), ("noise", "0", 422), ("noise", "4", 422),
        ("wish", "more cake", 200), ("wish", "  ", 422), ("wish", "x" * 501, 422),
        ("gone", "x", 422),
    ],
)  # fmt: skip
async def test_an_answer_is_one_of_its_question(
    client: GatewayClient, bootstrap: str, question: str, answer: str, status: int
) -> None:
    await page(client, bootstrap)
    fields = {"tag": "shelf-1", "survey": "taste", "question": question, "answer": answer}
    found = await post(client, {**fields, "token": token(client, question)})
    assert found.status == status, await found.text()


async def test_a_text_keeps_no_addresses(client: GatewayClient, bootstrap: str) -> None:
    await page(client, bootstrap)
    answer = "Write to ann@corner.example or call +49 30 901820"
    fields = {"tag": "shelf-1", "survey": "taste", "question": "wish", "answer": answer}
    thanks = await post(client, {**fields, "token": token(client, "wish")})
    event_id = re.search(r"/v1/events/([0-9a-f-]{36})/live", await thanks.text())
    assert event_id
    properties = (await answered(bootstrap, event_id[1])).properties
    assert "ann@" not in properties and "901820" not in properties and "Write to" in properties


async def test_other_senders_answer_the_brand_s_questions_or_those_of_their_own(client: GatewayClient) -> None:
    def sent(type: str, **properties: Any) -> dict[str, Any]:
        return {
            "type": type, "occurred_at": "2026-03-01T10:00:00Z", "properties": properties,
            "identifiers": [{"type": "customer", "value": "C-7"}],
        }  # fmt: skip

    results = await client.results(
        sent("survey_answered", survey="taste", question="milk", answer="oat"),
        sent("nps_answered", survey="taste", question="again", answer=9),
        sent("survey_answered", topic="another system", score=3),
        sent("survey_answered", survey="taste", question="again", answer=9),
        sent("nps_answered", survey="taste", question="again", answer="often"),
        sent("survey_answered", survey="unknown", question="milk", answer="oat"),
        sent("survey_answered", survey="taste", question=["milk"], answer="oat"),
        sent("survey_answered", survey="taste", question="milk", answer={"oat": True}),
    )
    assert [status for status, _ in results] == ["accepted"] * 3 + ["rejected"] * 5
