"""What the store knows of source profiles, as one JSON document (schemas/privacy/export.schema.json)."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from clickhouse_connect.driver.asyncclient import AsyncClient

from sinks.privacy.loyalty import OPEN, is_of_another_use
from sinks.privacy.places import IS_OWN
from sinks.privacy.progress import Progress
from sinks.privacy.receipt import rfc3339

Row = dict[str, Any]
_ONE: Final = "ORDER BY _version DESC LIMIT 1 BY _key"
"""One row of an event, before ClickHouse has merged its parts; FINAL would read the whole table."""
_AT: Final = "concat(formatDateTime({0}, '%Y-%m-%dT%H:%i:%S.%f', 'UTC'), 'Z')"
_OF_SCANS: Final = (
    f"(scan_namespace, scan_event_id) IN (SELECT namespace, event_id FROM touchpoint_identified WHERE {IS_OWN})"
)


def _at(column: str) -> str:
    return f"{_AT.format(column)} AS {column}"


QUERIES: Final[dict[str, str]] = {
    "touchpoints": (
        f"SELECT event_id, namespace, type, {_at('occurred_at')}, {_at('received_at')}, source, store, tag, placement, "
        "zone, product, campaign, channel, toString(amount) AS amount, currency, "
        "arrayMap(line -> (line.sku, toString(line.quantity), toString(line.amount)), lines) AS lines, "
        "related_event_id, properties, toString(source_profile_id) AS source_profile_id "
        f"FROM (SELECT *, _version, _key FROM touchpoint_identified WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at"
    ),
    "decisions": (
        f"SELECT scan_event_id, {_at('occurred_at')}, tag, store, moment, route, action, destination, title, text, "
        "label, candidates, inputs, brand_version "
        f"FROM (SELECT *, _version, _key FROM scan_routed WHERE {_OF_SCANS} {_ONE}) ORDER BY occurred_at"
    ),
    "experiments": (
        f"SELECT {_at('occurred_at')}, experiment, phase, variant, why, scan_event_id, route "
        f"FROM (SELECT *, _version, _key FROM experiment_exposed WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at"
    ),
    "ledger": (
        f"SELECT {_at('occurred_at')}, kind, points, rule, rule_version, source_event_id, reverses_event_id "
        f"FROM (SELECT *, _version, _key FROM reward_posted WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at"
    ),
    "coupons": (
        f"SELECT {_at('occurred_at')}, code, pool, state, reason, rule, source_event_id, store, sale_event_id, "
        "toString(discount) AS discount, currency FROM (SELECT *, _version, _key FROM coupon_changed "
        f"WHERE source_profile_id IN {{profiles:Array(UUID)}} {_ONE}) ORDER BY occurred_at, version"
    ),
    "budgets": (
        f"SELECT {_at('occurred_at')}, `limit`, outcome, units, first, rule, source_event_id "
        f"FROM (SELECT *, _version, _key FROM budget_answered WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at"
    ),
    "referrals": (
        f"SELECT {_at('occurred_at')}, "
        "if(referrer_profile_id IN {profiles:Array(UUID)}, 'referrer', 'friend') AS side, "
        "state, reason, rule FROM (SELECT *, _version, _key FROM referral_changed "
        "WHERE referrer_profile_id IN {profiles:Array(UUID)} OR friend_profile_id IN {profiles:Array(UUID)} "
        f"{_ONE}) ORDER BY occurred_at, version"
    ),
    "consent_history": (
        f"SELECT {_at('occurred_at')}, purpose, channel, kind, before, after, policy_version, jurisdiction, "
        f"{_at('expires_at')}, proof, source, store, source_event_id "
        f"FROM (SELECT *, _version, _key FROM consent_changed WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at"
    ),
    "identity": (
        f"SELECT {_at('occurred_at')}, change, identifier, other_identifier, reason, source_event_id "
        "FROM (SELECT *, _version, _key FROM identity_changed WHERE identifier IN {identifiers:Array(String)} "
        f"OR other_identifier IN {{identifiers:Array(String)}} {_ONE}) ORDER BY occurred_at"
    ),
    "looks": (
        f"SELECT {_at('occurred_at')}, source, via, outcome FROM (SELECT *, _version, _key FROM profile_shown "
        f"WHERE identifier IN {{identifiers:Array(String)}} {_ONE}) ORDER BY occurred_at"
    ),
    "matches": (
        f"SELECT {_at('occurred_at')}, change, probability, reasons, model "
        "FROM (SELECT *, _version, _key FROM identity_matched WHERE person_id IN {profiles:Array(UUID)} "
        f"OR other_person_id IN {{profiles:Array(UUID)}} {_ONE}) ORDER BY occurred_at"
    ),
}
"""What is exported, each in the order of time."""
JSON_COLUMNS: Final = frozenset(("properties", "inputs", "proof"))


async def data_of(client: AsyncClient, progress: Progress, made_at_us: int) -> Row:
    """Everything that the store knows; of action show the summary alone.

    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    profiles = progress.profiles
    parameters = {"profiles": sorted(profiles), "identifiers": sorted(profiles.values())}
    answers = await asyncio.gather(*(_rows(client, query, parameters) for query in QUERIES.values()))
    found = dict(zip(QUERIES, answers, strict=True))
    return document(progress, found, made_at_us)


def document(progress: Progress, found: Mapping[str, Sequence[Row]], made_at_us: int) -> Row:
    """The document from the rows of :data:`QUERIES`."""
    head: Row = {
        "request_id": progress.request_id,
        "made_at": rfc3339(made_at_us),
        "scope": progress.scope,
        "identifiers": _identifiers(progress, found["touchpoints"]),
        "summary": _summary(found),
        "consents": _consents(found["consent_history"]),
    }
    return head | (dict(found) if progress.action == "export" else {})


def _identifiers(progress: Progress, touchpoints: Sequence[Row]) -> list[Row]:
    first: dict[str, str] = {}
    for one in touchpoints:
        first.setdefault(one["source_profile_id"], one["occurred_at"])
    return [
        {
            "type": identifier.partition(":")[0],
            "identifier": identifier,
            "source_profile_id": profile,
            "first_seen": first.get(profile),
        }
        for profile, identifier in sorted(progress.profiles.items(), key=lambda item: item[1])
    ]


def _summary(found: Mapping[str, Sequence[Row]]) -> Row:
    touchpoints, ledger = found["touchpoints"], found["ledger"]
    spent: dict[str, Decimal] = {}
    for one in touchpoints:
        if one["type"] in ("sale", "return") and one["amount"] is not None:
            sign = 1 if one["type"] == "sale" else -1
            spent[one["currency"]] = spent.get(one["currency"], Decimal(0)) + sign * Decimal(one["amount"])
    return {
        "touchpoints": {
            "count": len(touchpoints),
            "first": touchpoints[0]["occurred_at"] if touchpoints else None,
            "last": touchpoints[-1]["occurred_at"] if touchpoints else None,
            "by_type": dict(sorted(Counter(one["type"] for one in touchpoints).items())),
        },
        "stores": sorted({one["store"] for one in touchpoints if one["store"]}),
        "purchases": {
            "count": sum(one["type"] == "sale" for one in touchpoints),
            "by_currency": {currency: f"{amount:.2f}" for currency, amount in sorted(spent.items())},
        },
        "rewards": {
            "balance": sum(one["points"] for one in ledger),
            "entries": len(ledger),
            "open_coupons": len(_open_coupons(found["coupons"])),
        },
        "decisions": {"count": len(found["decisions"])},
    }


def _open_coupons(changes: Sequence[Row]) -> list[str]:
    """The codes that can be used, as far as their states say."""
    latest = {one["code"]: one["state"] for one in changes if not is_of_another_use(one["reason"])}
    return [code for code, state in latest.items() if state in OPEN]


def _consents(history: Sequence[Row]) -> list[Row]:
    """The latest word on each purpose and channel, what the browser sends beside it."""
    latest: dict[tuple[str, str, str], Row] = {}
    for one in history:
        latest[one["purpose"], one["channel"], one["kind"]] = one
    return [
        {
            "purpose": one["purpose"],
            "channel": one["channel"],
            "kind": one["kind"],
            "after": one["after"],
            "at": one["occurred_at"],
            "policy_version": one["policy_version"],
            "source": one["source"],
        }
        for _, one in sorted(latest.items())
    ]


async def _rows(client: AsyncClient, query: str, parameters: dict[str, Any]) -> list[Row]:
    result = await client.query(query, parameters=parameters)
    return [
        {name: _value(name, value) for name, value in zip(result.column_names, row, strict=True)}
        for row in result.result_rows
    ]


def _value(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS:
        try:
            return json.loads(value)
        except ValueError:  # as other producers may have written it
            return value
    return [_value("", item) for item in value] if isinstance(value, list | tuple) else value
