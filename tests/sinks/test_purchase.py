"""What people bought: by product, net of what they brought back, under the person of now."""

from decimal import Decimal

import msgspec

from schemas.brand.model import Product
from schemas.events import BrandConfigured, Line
from tests.sinks.events import micros, named, touchpoint, uid
from tests.sinks.store import Store


def line(sku: str, quantity: int, amount: str) -> Line:
    return Line(sku, quantity, int(Decimal(amount) * 1_000_000))


def product(sku: str, category: str, withdrawn: bool = False) -> BrandConfigured:
    body = "" if withdrawn else msgspec.json.encode(Product(id=sku, name=sku.title(), category=category)).decode()
    return BrandConfigured(
        event_id=uid(f"{sku} {category} {withdrawn}"), occurred_at=micros("2026-01-01"), kind="product", id=sku,
        version="1", body=body,
    )  # fmt: skip


def bought(store: Store, columns: str) -> list[tuple[object, ...]]:
    return store.ask(f"SELECT {columns} FROM purchase ORDER BY occurred_at, sku")


def test_lines_are_net_of_the_returns_that_name_them(store: Store) -> None:
    lines = (line("tea", 2, "8"), line("cup", 1, "5"), line("tea", 1, "4"))
    sale = touchpoint(uid("sale"), "p", "sale", "2026-03-01", amount="17", lines=lines, store="mitte", own="p")
    back = touchpoint(
        uid("back"), "q", "return", "2026-03-05", amount="9", related_event_id=uid("sale"),
        lines=(line("tea", 1, "4"), line("cup", 3, "15")),
    )  # fmt: skip
    store.put([sale, sale, back])
    assert bought(store, "sku, sold_quantity, sold_amount, quantity, amount, store, sale_revenue") == [
        ("cup", 1, Decimal(5), 0, Decimal(0), "mitte", Decimal(8)),
        ("tea", 3, Decimal(12), 2, Decimal(8), "mitte", Decimal(8)),
    ]


def test_a_sale_without_lines_is_one_row_net_of_every_return(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("one"), "p", "sale", "2026-03-01", amount="20", own="p"),
            touchpoint(uid("two"), "p", "sale", "2026-03-02", amount="5", lines=(line("tea", 1, "5"),), own="p"),
            touchpoint(uid("back"), "p", "return", "2026-03-03", amount="6", own="p"),
        ]
    )
    assert bought(store, "sku, quantity, sold_amount, amount, sale_revenue") == [
        ("", 0, Decimal(20), Decimal(19), Decimal(19)),
        ("tea", 1, Decimal(5), Decimal(5), Decimal(0)),
    ]
    assert store.one(
        "SELECT sum(revenue) FROM (SELECT event_id, any(sale_revenue) AS revenue FROM purchase GROUP BY event_id)"
    ) == Decimal(19)


def test_purchases_follow_a_merge_and_a_split(store: Store) -> None:
    store.put([product("tea", "drinks"), product("cup", "ware"), product("old", "gone"), product("old", "gone", True)])
    store.put(
        [
            touchpoint(uid("till"), "card", "sale", "2026-03-01", amount="4", lines=(line("tea", 1, "4"),), own="card"),
            touchpoint(
                uid("web"), "mail", "sale", "2026-03-02", amount="12",
                lines=(line("cup", 2, "9"), line("old", 1, "2"), line("x", 1, "1")), own="mail",
            ),
        ]
    )  # fmt: skip
    columns = "person_id::String, frequency, value, categories, toDate(last_bought_at)::String"
    value = f"SELECT {columns} FROM customer_value ORDER BY value"
    apart = [
        (uid("card"), 1, Decimal(4), ["drinks"], "2026-03-01"),
        (uid("mail"), 1, Decimal(12), ["ware"], "2026-03-02"),
    ]
    assert store.ask(value) == apart
    store.put([named("mail", "card", 1)])
    assert store.ask(value) == [(uid("card"), 2, Decimal(16), ["ware", "drinks"], "2026-03-02")]
    assert {person for (person,) in bought(store, "person_id::String")} == {uid("card")}
    store.put([named("mail", "mail", 2, "split", was="card")])
    assert store.ask(value) == apart


def test_what_was_brought_back_as_a_whole_is_no_customers_value(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("sale"), "p", "sale", "2026-03-01", amount="4", own="p"),
            touchpoint(uid("back"), "p", "return", "2026-03-02", amount="4", related_event_id=uid("sale"), own="p"),
        ]
    )
    assert store.ask("SELECT * FROM customer_value") == []
