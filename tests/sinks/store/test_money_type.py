"""Money has one type in all views, so that sums, unions and joins of any two of them need no conversion."""

import pytest

from sinks.store.scripts import Script, views
from tests.support.sink_store import Store

MONEY = frozenset(
    {"amount", "cost", "hidden_revenue", "own_revenue", "revenue", "sale_revenue", "sold_amount", "spent", "value"}
)
"""Names of columns that are sums of money. Ratios, means and their intervals are estimates: floats."""
MONEY_BY_CURRENCY = frozenset({"other_revenue", "other_value"})
TYPE = "Decimal(38, 6)"
EXCEPT = {"attribution_credit_latest", "attribution_run_latest", "excess_return", "named_return"}
"""What sale is made of, and what a model computed, in floats; attribution serves it as money."""


@pytest.mark.parametrize("view", [view for view in views() if view.stem not in EXCEPT], ids=lambda view: view.stem)
def test_a_column_of_money_has_the_type_of_all(store: Store, view: Script) -> None:
    example = view.header.split("Example:")[1].replace("\n", " ")
    source = view.stem
    if ":String}" in view.sql or ":UInt8}" in view.sql:
        arguments = example[example.index(f"{view.stem}(") + len(view.stem) :]
        source += arguments[: arguments.index(")") + 1]
    columns = {name: kind for name, kind, *_ in store.ask(f"DESCRIBE TABLE {source}")}
    money = {name: kind for name, kind in columns.items() if name in MONEY and not kind.endswith("String")}
    assert money == dict.fromkeys(money, TYPE)
    for name in MONEY_BY_CURRENCY & columns.keys():
        assert columns[name].endswith(f", {TYPE})")


def test_the_views_of_sales_have_money_at_all(store: Store) -> None:
    names = "name IN ('amount', 'revenue', 'value') AND type = 'Decimal(38, 6)'"
    found = store.ask(f"SELECT DISTINCT table FROM system.columns WHERE database = 'footpath' AND {names}")
    assert {"attribution_daily", "campaign_total", "cost", "customer_value", "path", "person", "purchase", "sale"} <= {
        table for (table,) in found
    }
