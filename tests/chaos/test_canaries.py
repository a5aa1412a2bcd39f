"""Canaries: people whose e-mail address, phone number, loyalty number and name reach the system in good events and in
every wrong way, and are then searched as bytes in everything that it has written: found nowhere but encrypted.

The promise (README, "what is stored"): e-mail addresses and phone numbers nowhere, wherever they stand and however they
are encoded; other identifiers where the events API has a place for them, names where it has traits; whatever is
rejected as a whole. A loyalty number or a name under a member that the sender made up is the sender's own business, and
digits without + or 0 in text are a code, unless the member's name says phone.
"""

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from schemas.contacts.wrapping import MasterKeys
from schemas.identifiers.keys import read_identifier_keys
from schemas.identifiers.pseudonyms import Pseudonyms
from tests.support.byte_search import CHUNK, Needles, files, forms, metrics, records, rows
from tests.support.contacts import read_book
from tests.support.full_stack import FullStack, wait_until

pytestmark = pytest.mark.timeout(1800)
CANARIES = 1_000
CANARIES_SHORT = 40
BATCH = 50
CONTROL = "control-7f3a91d0"
"""Stands where the system stores what it is sent: the search finds it in each sort of place, or does not search it."""
OUTSIDE = ("secrets",)
Json = dict[str, Any]


class Canary(NamedTuple):
    email: str
    phone: str
    loyalty: str
    given: str
    family: str

    @property
    def national(self) -> str:
        return "0" + self.phone[3:]

    @property
    def spaced(self) -> str:
        return f"{self.phone[:3]} {self.phone[3:7]} {self.phone[7:]}"

    @property
    def identifiers(self) -> list[Json]:
        return [
            {"type": "loyalty", "value": self.loyalty},
            {"type": "email", "value": self.email},
            {"type": "phone", "value": self.spaced},
        ]

    @property
    def values(self) -> tuple[str, ...]:
        """What must not be found."""
        mailbox = self.email.partition("@")[0]
        return (self.email, mailbox, self.phone, self.phone[3:], self.spaced[4:], self.loyalty, self.given, self.family)


def canary(number: int) -> Canary:
    return Canary(
        f"Qwanda.{number:05}.Zyx@mail{number % 7}.example",
        f"+4915217{number:06}",
        f"LOY-{number:05}-QZX",
        f"Quizella{number:05}",
        f"Zandrowicz{number:05}",
    )


def good(one: Canary, now: str) -> Iterator[Json]:
    """Events that are taken."""
    mail, code = one.email, base64.b64encode(one.email.encode()).decode()
    event = {"type": "page_view", "occurred_at": now, "identifiers": one.identifiers, "store": "berlin-mitte"}
    texts = [
        f"please call {one.spaced} or write to <{mail}>.",
        f"{mail.upper()};{one.phone}",
        f"https://shop.example/login?email={quote(mail, safe='')}&phone={quote(one.phone)}&token={code}",
        f"https://shop.example/{quote(mail)}/profile#user={mail}",
        json.dumps({"contact": mail, "tel": one.national}),
        "".join(f"&#{ord(letter)};" for letter in mail),
        mail.replace("@", "%40"),
        mail.replace("@", "\uff20"),
    ]
    yield event | {"properties": {"note": texts, mail: "a name of a member", "url": texts[2], "phone": one.national}}
    yield event | {"properties": {"given_name": one.given, "family_name": one.family, "city": "Berlin"}}
    yield event | {
        "type": "sale",
        "zone": mail,
        "campaign": f"for {mail}",
        "channel": mail,
        "product": mail,
        "placement": mail,
        "tag": mail,
        "properties": {
            "amount": "12.50",
            "order_id": CONTROL,
            "lines": [{"sku": mail, "quantity": 1, "amount": "12.50"}],
            "deep": {"deeper": [{"contact_phone": one.national, "fax": one.phone}, {"text": texts}]},
        },
    }
    yield event | {
        "type": "consent_given",
        "properties": {
            "purposes": ["marketing"],
            "proof": {"text": f"{mail} may write to {one.phone}", "where": mail, "control": one.phone},
        },
    }


def refused(one: Canary, now: str) -> Iterator[Json | str | list[Any]]:
    """Events that are rejected, whole: of these names and loyalty numbers count as well."""
    every = " ".join((one.email, one.phone, one.loyalty, one.given, one.family))
    event = {"type": "page_view", "occurred_at": now, "identifiers": one.identifiers, "properties": {"who": every}}
    yield event | {"type": every}
    yield event | {"type": one.email}
    yield event | {one.email: every}
    yield event | {every: 1}
    yield event | {"occurred_at": every}
    yield event | {"event_id": one.email}
    yield event | {"identifiers": [{"type": one.email, "value": every}]}
    yield event | {"identifiers": [{"type": "email", "value": one.phone}, {"type": "phone", "value": one.email}]}
    yield event | {"identifiers": [{"type": "email", "hash": one.email}]}
    yield event | {"identifiers": [{"type": "loyalty", one.loyalty: one.loyalty}]}
    yield event | {"identifiers": [{"type": "loyalty", "value": one.loyalty * 30}]}
    yield event | {"identifiers": {"email": every}}
    yield event | {"store": f"{every}\x00"}
    yield event | {"type": "sale", "properties": {"amount": every}}
    yield event | {"type": "sale", "properties": {"amount": "1.00", "currency": every}}
    yield event | {"type": "sale", "properties": {"amount": "1.00", "lines": [{"sku": "x", every: 1}]}}
    yield event | {"type": "return", "properties": {"amount": "1.00", "sale_event_id": one.email}}
    yield event | {"type": "consent_given", "properties": {"purposes": [every]}}
    yield event | {"type": "consent_given", "properties": {"purposes": ["marketing"], one.email: every}}
    yield event | {"type": "stock_reported", "store": "a/b", "properties": {"sku": every, "quantity": one.email}}
    yield event | {"type": "cost_reported", "properties": {"amount": every}}
    yield event | {"type": "identity_linked"}
    yield [every]
    yield every


def send(stack: FullStack, path: str, body: bytes | None, **headers: str) -> tuple[int, bytes]:
    url = stack.run["gateway"] + path
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def send_events(stack: FullStack, events: list[Any], status: str) -> None:
    auth = {"Authorization": f"Bearer {stack.run['api_key']}"}
    for at in range(0, len(events), BATCH):
        answered, body = send(stack, "/v1/events", json.dumps({"events": events[at : at + BATCH]}).encode(), **auth)
        assert answered == 202, body
        results = json.loads(body)["results"]
        for event, result in zip(events[at : at + BATCH], results, strict=True):
            assert result["status"] == status, (event, result)


def send_elsewhere(stack: FullStack, one: Canary) -> None:
    """Values in headers, cookies, links, paths and broken bodies; whatever is answered."""
    key = f"Bearer {stack.run['api_key']}"
    mail, every = one.email, f"{one.email} {one.phone} {one.loyalty} {one.family}"
    quoted = quote(every, safe="")
    send(stack, "/v1/events", f'{{"events": [{{"who": "{every}'.encode(), Authorization=key)
    send(stack, "/v1/events", every.encode(), Authorization=key)
    send(stack, "/v1/events", b"{}", Authorization=f"Bearer {mail}")
    send(stack, f"/v1/events?who={quoted}", b"{}", Authorization=key, Origin=f"https://{mail}")
    tag = stack.run["demo"]["scan"].removeprefix(stack.run["gateway"])
    headers = {
        "Cookie": f"fp_device={mail}; who={quoted}",
        "User-Agent": every,
        "Referer": f"https://x.example/?{mail}",
    }
    headers |= {"X-Forwarded-For": mail, "Accept-Language": mail, "X-Customer": every}
    query = f"who={quoted}&email={quote(mail)}&utm_source={quote(mail)}&utm_term={quote(one.phone)}"
    send(stack, f"{tag}?{query}", None, **headers)
    send(stack, f"/s/{quote(mail)}", None, **headers)
    send(stack, f"/{quoted}?{quoted}", None, **headers)
    send(stack, f"/qr/{quote(mail)}.svg", None, **headers)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    stack = FullStack(tmp_path_factory.mktemp("canaries") / "data")
    stack.start()
    yield stack
    if stack.run:
        stack.stop()


def test_canaries_are_found_nowhere_but_encrypted(stack: FullStack, long: bool) -> None:
    people = [canary(number) for number in range(CANARIES if long else CANARIES_SHORT)]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    send_events(stack, [event for one in people for event in good(one, now)], "accepted")
    send_events(stack, [event for one in people for event in refused(one, now)], "rejected")
    for one in people:
        send_elsewhere(stack, one)
    sales = f"SELECT count() FROM touchpoint_identified WHERE type = 'sale' AND properties LIKE '%{CONTROL}%'"
    wait_until(lambda: stack.value(sales) >= len(people) or None, stack.logs)
    rejects = "SELECT count() >= " + str(len(people) * 20) + " FROM event_rejected"
    wait_until(lambda: stack.value(rejects) or None, stack.logs)
    stack.change("SYSTEM FLUSH LOGS")

    needles = Needles([value for one in people for value in one.values])
    control = Needles([CONTROL])
    leaks: dict[str, set[tuple[str, str]]] = {}
    seen: set[str] = set()

    def search(sort: str, places: Any) -> None:
        places = list(places)
        leaks.update(needles.found_in(places))
        if control.found_in(places):
            seen.add(sort)

    bootstrap = stack.run["kafka"]
    search("records", asyncio.run(records(bootstrap)))
    search("rows", rows(stack))
    search("metrics", metrics(stack))
    search("run file", [("run.json", json.dumps(stack.run).encode())])
    assert_contacts_open(stack, people)
    assert stack.stop() == 0
    for folder in ("kafka", "clickhouse", "workers", "spool", "logs"):
        assert (stack.data / folder).exists(), folder
    search("files", files(stack.data, leave_out=OUTSIDE))
    search("the stack's own log", [("log", stack._log.read_bytes())])
    assert {"records", "rows", "files"} <= seen, "the search does not read what is there"
    assert not leaks, "\n".join(f"{place}: {sorted(found)[:5]}" for place, found in leaks.items())


def assert_contacts_open(stack: FullStack, people: list[Canary]) -> None:
    """What is found nowhere else is there, for who delivers."""
    secrets = stack.data / "secrets"
    pseudonyms = Pseudonyms(read_identifier_keys((secrets / "identifier.key").read_text()), "DE")
    book = asyncio.run(read_book(stack.run["kafka"], MasterKeys(secrets / "contact.keys")))
    for one in people:
        assert book.open(pseudonyms.identifier("email", one.email)) == one.email.lower()
        assert book.open(pseudonyms.identifier("phone", one.phone)) == one.phone


def test_the_search_finds_every_form_at_every_place(tmp_path: Path) -> None:
    """The replay twin: a search that finds nothing must be able to find everything."""
    one = canary(7)
    needles = Needles(one.values)
    for value in one.values:
        for name, form in forms(value):
            assert needles.found_in([("here", b"abc" + form + b"xyz")])["here"], (value, name)
    assert not needles.found_in(
        [("here", b"".join(form for value in canary(54_321).values for _, form in forms(value)))]
    )
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + one.email.encode() + b"rest")
        assert needles.found_in([("here", text)]), shift
    (tmp_path / "a" / "secrets").mkdir(parents=True)
    (tmp_path / "a" / "large").write_bytes(bytes(CHUNK - 5) + one.phone.encode() + bytes(9))
    (tmp_path / "a" / "secrets" / "key").write_bytes(one.phone.encode())
    assert set(needles.found_in(files(tmp_path, leave_out=("secrets",)))) == {"a/large"}
