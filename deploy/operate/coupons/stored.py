"""Coupons as the tables have them."""

from collections.abc import Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.coupons.codes import normalised, shown


def coupons_of(client: Client, pool: str) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    """Names of the columns, and the coupons of a pool by ordinal."""
    found = client.query(
        "SELECT ordinal, code, state, toString(toDateTime(changed_at)) AS since, "
        "if(toUnixTimestamp(expires_at) = 0, '', toString(toDateTime(expires_at))) AS until "
        "FROM coupon WHERE pool = {pool:String} ORDER BY ordinal, code",
        parameters={"pool": pool},
    )
    return tuple(found.column_names), [(row[0], shown(row[1]), *row[2:]) for row in found.result_rows]


def history_of(client: Client, code: str) -> list[str]:
    """A line for each change of a coupon, in order."""
    found = client.query(
        "SELECT version, toString(toDateTime(occurred_at)), state, reason, pool, store, redemption_id, sale_event_id, "
        "toString(discount), currency FROM coupon_changed FINAL WHERE code = {code:String} "
        "ORDER BY version, occurred_at",
        parameters={"code": normalised(code)},
    )
    lines = []
    for version, at, state, reason, pool, store, redemption, sale, discount, currency in found.result_rows:
        about = [f"in {store}"] if store else []
        about += [f"redemption {redemption}"] if redemption else []
        about += [f"sale {sale}"] if sale else []
        about += [f"{discount} {currency}"] if currency else []
        lines.append(" ".join((f"{version}. {at} {state}", *([f"({reason})"] if reason else []), f"of {pool}", *about)))
    return lines
