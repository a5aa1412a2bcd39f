"""A friend comes by a personal link, and a phone answers the question of its page, on the system that `footpath up`
started."""

import re
import urllib.request
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

from deploy.local.settings import DEMO_BRAND
from gateway.brand.live import build_brand_view
from gateway.scan.personal_links import PersonalLinks
from schemas.brand.load import load
from schemas.ids import person_of
from tests.support.full_stack import FullStack, wait_until


def test_a_friend_s_purchase_waits_for_the_end_of_its_return_window(stack: FullStack) -> None:
    referrer = person_of(f"device:{uuid4().hex}")
    key = bytes.fromhex((stack.data / "secrets" / "identifier.key").read_text())
    link = PersonalLinks(key).link(build_brand_view(load(DEMO_BRAND), key), referrer, "")
    assert link is not None
    _, headers, _ = stack.get(link)
    cookie = re.match(r"fp_device=([^;]+)", headers["Set-Cookie"])
    assert cookie
    wait_until(lambda: stack.rows(f"SELECT 1 FROM referral WHERE referrer_person_id = '{referrer}'"), stack.logs)
    sale = {
        "event_id": str(uuid4()),
        "type": "sale",
        "occurred_at": datetime.now(UTC).isoformat(),
        "identifiers": [{"type": "device", "value": cookie[1].partition(".")[0]}],
        "properties": {"amount": "25.50", "currency": "EUR"},
    }
    assert [result["status"] for result in stack.send(sale)] == ["accepted"]
    query = f"SELECT state, qualifying_event_id FROM referral WHERE referrer_person_id = '{referrer}'"
    waiting = [{"state": "waiting", "qualifying_event_id": sale["event_id"]}]
    wait_until(lambda: stack.rows(query) == waiting, stack.logs)


def test_an_answer_is_in_the_profile_of_whoever_gave_it(stack: FullStack) -> None:
    def asked() -> tuple[dict[str, str], str] | None:
        _, headers, body = stack.get("/s/latte-art-night")
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', body.decode()))
        return (fields, headers["Set-Cookie"].partition(";")[0]) if fields else None

    fields, cookie = wait_until(asked, stack.logs)
    form = urlencode({name: unescape(value) for name, value in fields.items()} | {"answer": "oat"}).encode()
    request = urllib.request.Request(f"{stack.run['gateway']}/answer", form, {"Cookie": cookie})
    with urllib.request.urlopen(request) as response:
        event = re.search(r"/v1/events/([0-9a-f-]{36})/live", response.read().decode())
    assert event and fields["question"] == "milk"
    answers = "SELECT answer FROM profile_answer WHERE question = 'milk'"
    wait_until(lambda: stack.rows(answers) == [{"answer": "oat"}], stack.logs)
    paid = f"SELECT points FROM reward_posted WHERE source_event_id = '{event[1]}' AND rule = 'survey'"
    wait_until(lambda: stack.rows(paid) == [{"points": 20}], stack.logs)
