"""What people bought: by product, net of what they brought back, under the person of now."""

from decimal import Decimal

import msgspec

from schemas.brand.model import Product
from schemas.events import BrandConfigured, Line
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store


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
    sale = touchpoint(uid("sale"), "p", "sale", "2026-03-01", amount="17", lines=lines, store="mitte", profile="p")
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
            touchpoint(uid("one"), "p", "sale", "2026-03-01", amount="20", profile="p"),
            touchpoint(uid("two"), "p", "sale", "2026-03-02", amount="5", lines=(line("tea", 1, "5"),), profile="p"),
            touchpoint(uid("back"), "p", "return", "2026-03-03", amount="6", profile="p"),
        ]
    )
    assert bought(store, "sku, quantity, sold_amount, amount, sale_revenue") == [
        ("", 0, Decimal(20), Decimal(19), Decimal(19)),
        ("tea", 0, Decimal(5), Decimal(0), Decimal(0)),
    ]
    assert store.one("SELECT sum(amount) FROM purchase") == Decimal(19)
    assert store.one(
        "SELECT sum(revenue) FROM (SELECT event_id, any(sale_revenue) AS revenue FROM purchase GROUP BY event_id)"
    ) == Decimal(19)


def test_what_went_back_without_lines_is_taken_from_all_products(store: Store) -> None:
    """Taxes and tips are beside the lines; goods may be weighed, and a discount is a line."""
    weighed = Line("tea", 0, 4_500_000, 250_000)
    lines = (weighed, line("cup", 3, "10"), line("discount", 1, "-1"))
    sale = touchpoint(uid("sale"), "p", "sale", "2026-03-01", amount="15", lines=lines, profile="p")
    store.put([sale])
    columns = "sku, quantity, sold_amount, amount"
    assert bought(store, columns) == [
        ("", 0, Decimal("1.5"), Decimal("1.5")),
        ("cup", 3, Decimal(10), Decimal(10)),
        ("discount", 1, Decimal(-1), Decimal(-1)),
        ("tea", Decimal("0.25"), Decimal("4.5"), Decimal("4.5")),
    ]
    back = touchpoint(uid("back"), "q", "return", "2026-03-03", amount="4", related_event_id=uid("sale"))
    store.put([back])
    assert store.one("SELECT sum(amount) FROM purchase") == Decimal(11)
    assert store.one("SELECT quantity FROM purchase WHERE sku = 'cup'") < 3
    rest = touchpoint(uid("rest"), "r", "return", "2026-03-04", amount="11", related_event_id=uid("sale"))
    store.put([rest])
    assert store.ask("SELECT * FROM purchase WHERE amount != 0 OR quantity != 0") == []
    assert store.ask("SELECT * FROM customer_value") == []


def test_purchases_follow_a_merge_and_a_split(store: Store) -> None:
    store.put([product("tea", "drinks"), product("cup", "ware"), product("old", "gone"), product("old", "gone", True)])
    store.put(
        [
            touchpoint(
                uid("till"), "card", "sale", "2026-03-01", amount="4", lines=(line("tea", 1, "4"),), profile="card"
            ),
            touchpoint(
                uid("web"), "mail", "sale", "2026-03-02", amount="12",
                lines=(line("cup", 2, "9"), line("old", 1, "2"), line("x", 1, "1")), profile="mail",
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
    store.put([moved("mail", "card", 1)])
    assert store.ask(value) == [(uid("card"), 2, Decimal(16), ["ware", "drinks"], "2026-03-02")]
    assert {person for (person,) in bought(store, "person_id::String")} == {uid("card")}
    store.put([moved("mail", "mail", 2, "split", before="card")])
    assert store.ask(value) == apart


def test_a_sale_that_was_returned_completely_adds_no_customer_value(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("sale"), "p", "sale", "2026-03-01", amount="4", profile="p"),
            touchpoint(uid("back"), "p", "return", "2026-03-02", amount="4", related_event_id=uid("sale"), profile="p"),
        ]
    )
    assert store.ask("SELECT * FROM customer_value") == []
