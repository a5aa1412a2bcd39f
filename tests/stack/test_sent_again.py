"""Events that are sent again, on the whole system: one event, one effect, whoever sends it again."""

import hashlib
import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.full_stack import FullStack, wait_until, write_lines

pytestmark = pytest.mark.timeout(300)
BRAND = Path(__file__).parents[2] / "deploy" / "demo" / "brand"
NOON = "2026-05-01T10:00:00Z"
KEYS = {
    "till-berlin": {"scopes": ["events:till"]},
    "till-lisbon": {"scopes": ["events:till"]},
    "fleet-1": {"scopes": ["events:till"], "namespace": "fleet"},
    "fleet-2": {"scopes": ["events:till"], "namespace": "fleet"},
    "page": {"scopes": ["events:web"]},
}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    """A system whose brand has several senders; a key is the text of its id and ``-secret``."""
    folder = tmp_path_factory.mktemp("sent-again")
    brand = shutil.copytree(BRAND, folder / "brand")
    keys = [
        {"id": id, "hash": f"sha256:{hashlib.sha256(secret(id).encode()).hexdigest()}", **of} for id, of in KEYS.items()
    ]
    (brand / "keys.yaml").write_text(json.dumps({"api_keys": keys}))
    stack = FullStack(folder / "data", FOOTPATH_BRAND=str(brand))
    stack.start()
    yield stack
    stack.stop()


def number() -> str:
    """The number of a receipt or an order."""
    return f"R-{uuid4().hex}"


def secret(key: str) -> str:
    return f"{key}-secret"


def send(stack: FullStack, event: dict[str, Any], key: str = "") -> str:
    """The status of one event. :param key: id of a sender; by default the operator."""
    request = urllib.request.Request(
        f"{stack.run['gateway']}/v1/events",
        json.dumps({"events": [event]}).encode(),
        {"Authorization": f"Bearer {secret(key) if key else stack.run['api_key']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        (result,) = json.load(answer)["results"]
    assert result["event_id"] in (event.get("event_id"), None) or "event_id" not in event
    return str(result["status"])


def sale(id: str, *people: str, amount: str = "33", **fields: Any) -> dict[str, Any]:
    """A sale; a person is ``type:value``."""
    identifiers = [dict(zip(("type", "value"), one.split(":", 1), strict=True)) for one in people]
    properties = {"amount": amount, **fields.pop("properties", {})}
    return {
        "event_id": id, "type": "sale", "occurred_at": NOON, "identifiers": identifiers, "properties": properties,
        **fields,
    }  # fmt: skip


def restart_gateway(stack: FullStack) -> None:
    pid = stack.run["processes"]["gateway"]
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: stack.run["processes"].get("gateway") not in (None, pid), stack.logs)

    def is_ready() -> bool:
        try:
            return stack.get("/health/stream")[0] == 200
        except OSError:  # it does not listen yet
            return False

    wait_until(is_ready, stack.logs)


def settle(stack: FullStack) -> None:
    """Returns when everything that was sent before has been stored: a later event of every partition has."""
    ids = [str(uuid4()) for _ in range(12)]
    for id in ids:
        assert send(stack, sale(id, f"customer:{uuid4()}", amount="1")) == "accepted"
    for table, column in (("touchpoint_identified", "event_id"), ("reward_posted", "source_event_id")):
        query = f"SELECT uniqExact({column}) FROM {table} WHERE {column} IN {tuple(ids)}"
        wait_until(lambda query=query: stack.value(query) == len(ids), stack.logs)


def sales(stack: FullStack, id: str) -> list[dict[str, Any]]:
    """Sales under a sender's id: namespace, revenue, and the points of their person."""
    return stack.rows(
        "SELECT sale.namespace AS namespace, toFloat64(sale.revenue) AS revenue, balance.points AS points "
        f"FROM sale LEFT JOIN balance USING (person_id) WHERE event_id = '{id}' ORDER BY namespace"
    )


def rejects(stack: FullStack, id: str) -> list[dict[str, Any]]:
    return stack.rows(
        "SELECT stage, reason, source_namespace FROM event_rejected FINAL "
        f"WHERE source_event_id = '{id}' ORDER BY stage"
    )


def test_a_receipt_with_the_card_after_all_is_one_sale_and_pays_once(shops: FullStack) -> None:
    """The gateway was restarted in between, and another key of the fleet sends it."""
    id, phone, anna = number(), f"device:{uuid4().hex}", f"customer:{uuid4()}"
    assert send(shops, sale(id, phone), "fleet-1") == "accepted"
    wait_until(lambda: sales(shops, id), shops.logs)
    assert send(shops, sale(id, phone), "fleet-2") == "duplicate"
    restart_gateway(shops)
    assert send(shops, sale(id, anna, phone, amount="33.00"), "fleet-2") == "accepted"
    assert send(shops, sale(id, anna), "fleet-1") == "duplicate"
    settle(shops)
    assert sales(shops, id) == [{"namespace": "fleet", "revenue": 33, "points": 33}]
    row = f"SELECT length(identifiers) FROM touchpoint WHERE event_id = '{id}'"
    assert shops.value(row) == 2 and rejects(shops, id) == []
    later = number()
    assert send(shops, sale(later, anna, amount="10"), "fleet-1") == "accepted"
    settle(shops)
    assert shops.value(f"SELECT uniqExact(person_id) FROM touchpoint WHERE event_id IN ('{id}', '{later}')") == 1


def test_a_receipt_of_nobody_is_that_of_the_customer_who_shows_the_card(shops: FullStack) -> None:
    id, anna = number(), f"customer:{uuid4()}"
    assert send(shops, sale(id), "fleet-1") == "accepted"
    settle(shops)
    assert sales(shops, id)[0]["revenue"] == 33
    shops.kill("rewards")
    assert send(shops, sale(id, anna), "fleet-2") == "accepted"
    settle(shops)
    assert sales(shops, id) == [{"namespace": "fleet", "revenue": 33, "points": 33}]


def test_the_same_receipt_number_of_two_tills_is_two_sales(shops: FullStack) -> None:
    id, anna, ben = number(), f"customer:{uuid4()}", f"customer:{uuid4()}"
    assert send(shops, sale(id, anna, amount="11", store="berlin-mitte"), "till-berlin") == "accepted"
    assert send(shops, sale(id, ben, amount="22", store="lisbon-chiado"), "till-lisbon") == "accepted"
    back = {**sale(number(), ben, amount="22", properties={"sale_event_id": id}), "type": "return"}
    assert send(shops, back, "till-lisbon") == "accepted"
    settle(shops)
    assert sales(shops, id) == [
        {"namespace": "till-berlin", "revenue": 11, "points": 11},
        {"namespace": "till-lisbon", "revenue": 0, "points": 0},
    ]
    sold = "SELECT namespace, toFloat64(sum(sold_amount)) AS sold"
    amounts = f"{sold} FROM purchase WHERE event_id = '{id}' GROUP BY namespace"
    assert {row["namespace"]: row["sold"] for row in shops.rows(amounts)} == {"till-berlin": 11, "till-lisbon": 22}


def test_a_page_cannot_take_the_id_of_a_receipt(shops: FullStack) -> None:
    id, anna = number(), f"customer:{uuid4()}"
    squat = {
        "event_id": id,
        "type": "page_view",
        "occurred_at": NOON,
        "identifiers": [{"type": "device", "value": "d"}],
    }
    assert send(shops, squat, "page") == "accepted"
    assert send(shops, sale(id, anna), "till-berlin") == "accepted"
    settle(shops)
    assert sales(shops, id) == [{"namespace": "till-berlin", "revenue": 33, "points": 33}]


def test_a_page_cannot_take_a_person_apart(shops: FullStack) -> None:
    """Thirty page views with made-up devices beside a customer's address, twice; then the customer buys again."""
    first, second, mail = number(), number(), f"{uuid4().hex}@shop.example"
    customer, address = f"customer:{uuid4()}", f"email:{mail}"
    assert send(shops, sale(first, customer, address), "till-berlin") == "accepted"
    settle(shops)
    attack = [
        {
            "event_id": number(),
            "type": "page_view",
            "occurred_at": NOON,
            "identifiers": [{"type": "email", "value": mail}, {"type": "device", "value": uuid4().hex}],
        }
        for _ in range(30)
    ]
    assert {send(shops, event, "page") for event in attack} == {"accepted"}
    assert {send(shops, event, "page") for event in attack} == {"duplicate"}
    settle(shops)
    assert send(shops, sale(second, address), "till-berlin") == "accepted"
    settle(shops)
    bought = f"SELECT uniqExact(person_id) FROM sale WHERE event_id IN ('{first}', '{second}')"
    assert shops.value(bought) == 1 and sales(shops, second)[0]["points"] == 66
    ids = tuple(event["event_id"] for event in attack)
    visitors = f"SELECT uniqExact(person_id) FROM touchpoint WHERE event_id IN {ids}"
    assert shops.value(visitors) == 30, "each a person of its own"


def test_another_sale_under_the_id_is_a_conflict_and_kept(shops: FullStack) -> None:
    """At once where the gateway knows the first; after its restart intake finds it, and it is a reject as well."""
    id, anna = number(), f"customer:{uuid4()}"
    assert send(shops, sale(id, anna, amount="80")) == "accepted"
    assert send(shops, sale(id, anna, amount="0")) == "conflict"
    restart_gateway(shops)
    assert send(shops, sale(id, anna, amount="70")) == "accepted"
    settle(shops)
    namespace = shops.value(f"SELECT namespace FROM sale WHERE event_id = '{id}'")
    assert sales(shops, id) == [{"namespace": namespace, "revenue": 80, "points": 80}]
    assert rejects(shops, id) == [
        {"stage": stage, "reason": "conflict", "source_namespace": namespace} for stage in ("gateway", "intake")
    ]
    where = ("replay", "rejected", "--where", f"source_event_id = '{id}'")
    assert shops.footpath(*where).returncode == 2
    settle(shops)
    assert sales(shops, id)[0]["revenue"] == 80 and len(rejects(shops, id)) == 2
    other = number()
    assert shops.footpath(*where, "--set", f"event_id={other}").returncode == 0
    settle(shops)
    assert len(sales(shops, other)) == 1
    assert [one["reason"] for one in rejects(shops, other)] == ["conflict"], "of two under one id one is another"


def test_a_forbidden_sale_stays_forbidden(shops: FullStack) -> None:
    id = number()
    assert send(shops, sale(id, f"customer:{uuid4()}", amount="500"), "page") == "rejected"
    wait_until(lambda: rejects(shops, id), shops.logs)
    assert shops.footpath("replay", "rejected", "--where", f"source_event_id = '{id}'").returncode == 2
    settle(shops)
    assert sales(shops, id) == [] and rejects(shops, id)[0]["reason"] == "forbidden"


def test_a_file_that_is_imported_after_live_sending_counts_once(shops: FullStack, tmp_path: Path) -> None:
    ids, anna = [number() for _ in range(3)], f"customer:{uuid4()}"
    assert send(shops, sale(ids[0], anna)) == "accepted"
    restart_gateway(shops)
    file = write_lines(tmp_path / "sales.jsonl", [sale(id, anna) for id in ids])
    for again in ((), ("--again",)):
        assert shops.footpath("import", str(file), *again).returncode == 0
    settle(shops)
    assert [sales(shops, id)[0] for id in ids] == [{**sales(shops, ids[0])[0], "revenue": 33, "points": 99}] * 3


def test_one_order_under_two_ids_pays_once(shops: FullStack, tmp_path: Path) -> None:
    anna, order = f"customer:{uuid4()}", number()
    orders = [
        {**sale("", anna, amount="25", properties={"order_id": order}), "occurred_at": f"2011-12-01T12:00:0{second}Z"}
        for second in (0, 5)
    ]
    for event in orders:
        del event["event_id"]
    assert shops.footpath("import", str(write_lines(tmp_path / "orders.jsonl", orders))).returncode == 0
    settle(shops)
    found = shops.rows(f"SELECT event_id, namespace FROM touchpoint WHERE properties LIKE '%{order}%'")
    assert len(found) == 1 and sales(shops, found[0]["event_id"])[0] | {"points": 25, "revenue": 25} == {
        "namespace": found[0]["namespace"], "points": 25, "revenue": 25,
    }  # fmt: skip
    assert shops.value("SELECT count() FROM event_rejected FINAL WHERE field = 'properties.order_id'") == 1
