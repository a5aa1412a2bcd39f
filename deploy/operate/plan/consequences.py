"""How much of what ClickHouse has depends on what a configuration changes."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.operate.plan.differences import ItemChange
from deploy.operate.why.period import Period, Watched, recompute_period
from deploy.operate.why.stored import Stored, micros
from schemas.brand.model import Brand
from schemas.brand.retention import PROPERTIES, SIGHTINGS, TOPICS
from sinks.privacy.retention import LIMITED, SIGHTED

DAYS = (7, 30)
"""Of how many days answers are new; tags and rules are looked at over the longest."""
MOST_ANSWERS = 200_000
"""Above so many in a period a share of them is drawn."""
EARNER = "if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), person_id, source_profile_id)"


class RuleUse(msgspec.Struct, frozen=True):
    """Who has points of a rule that changes or goes: current people, the rule's points that are left, and all the
    points that these people have."""

    rule: str
    people: int
    points: int
    balances: int


class TagUse(msgspec.Struct, frozen=True):
    """Scans of a tag that goes, of the longest period."""

    tag: str
    scans: int
    last_at: str


class Asked(msgspec.Struct, frozen=True):
    """People who granted a purpose, or a channel, under another version of its policy: they are asked again."""

    purpose: str
    people: int


class Deleted(msgspec.Struct, frozen=True):
    """Rows of a table that a retention limit empties (``what`` names the column) or deletes."""

    table: str
    what: str
    rows: int


class Consequences(msgspec.Struct, frozen=True, kw_only=True):
    """``answers`` has a period for each of ``DAYS``."""

    answers: list[Period] = []
    rules: list[RuleUse] = []
    tags: list[TagUse] = []
    asked: list[Asked] = []
    deleted: list[Deleted] = []


def consequences(
    client: Client, before: Brand, after: Brand, changes: Sequence[ItemChange], now: datetime, watched: Watched | None
) -> Consequences:
    """Counts them. Blocks. :raises ClickHouseError: the store is away or refuses."""
    stored, since = Stored(client), now - timedelta(days=max(DAYS))
    answers = []
    if affects_answers(changes):
        answers = [
            recompute_period(client, now - timedelta(days=days), now, after, watched, MOST_ANSWERS) for days in DAYS
        ]
    return Consequences(
        answers=answers,
        rules=list(_rules(stored, _ids(changes, "rewards"))),
        tags=list(_tags(stored, _ids(changes, "tags", "removed"), since)),
        asked=list(_asked(stored, before, after)),
        deleted=list(_deleted(stored, before, after, now)),
    )


def affects_answers(changes: Sequence[ItemChange]) -> bool:
    """Whether a change may touch answers at all: rewards, keys, retention and matching do not."""
    return any(one.section not in ("rewards", "api_keys", "retention", "matching") for one in changes)


def _ids(changes: Sequence[ItemChange], section: str, *kinds: str) -> list[str]:
    wanted = kinds or ("changed", "removed")
    return [one.id for one in changes if one.section == section and one.change in wanted]


def _rules(stored: Stored, rules: Sequence[str]) -> Iterator[RuleUse]:
    if not rules:
        return
    rows = stored.ask(
        "SELECT rule, count() AS people, sum(of_rule) AS points, sum(of_person) AS balances FROM ("
        "SELECT person, one.1 AS rule, one.2 AS of_rule, of_person FROM ("
        "SELECT coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), entry.earner) "
        "AS person, sumMap([entry.rule], [entry.points]) AS by_rule, sum(entry.points) AS of_person "
        f"FROM (SELECT {EARNER} AS earner, toString(rule) AS rule, points FROM reward_posted FINAL) AS entry "
        "LEFT JOIN person_now AS now ON now.person_id = entry.earner GROUP BY person) "
        "ARRAY JOIN arrayZip(by_rule.1, by_rule.2) AS one) WHERE rule IN {rules:Array(String)} GROUP BY rule",
        rules=list(rules),
    )
    found = {row["rule"]: RuleUse(row["rule"], row["people"], row["points"], row["balances"]) for row in rows}
    yield from (found.get(rule, RuleUse(rule, 0, 0, 0)) for rule in rules)


def _tags(stored: Stored, tags: Sequence[str], since: datetime) -> Iterator[TagUse]:
    if not tags:
        return
    for row in stored.ask(
        "SELECT tag, uniqExact(_key) AS scans, toString(max(occurred_at)) AS last_at FROM touchpoint_recorded "
        "WHERE type IN ('scan', 'nfc_tap') AND tag IN {tags:Array(String)} "
        "AND occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') GROUP BY tag ORDER BY scans DESC, tag",
        tags=list(tags),
        since=micros(since),
    ):
        yield TagUse(row["tag"], row["scans"], row["last_at"][:19])


def _asked(stored: Stored, before: Brand, after: Brand) -> Iterator[Asked]:
    for purpose in after.consent.values():
        was = before.consent.get(purpose.id)
        if not purpose.policy or (was is not None and was.policy == purpose.policy):
            continue
        [row] = stored.ask(
            "SELECT uniqExact(person_id) AS people FROM consent WHERE said = 'granted' AND purpose = {purpose:String} "
            "AND policy_version != {policy:String}",
            purpose=purpose.id,
            policy=purpose.policy,
        )
        yield Asked(purpose.id, row["people"])


def _deleted(stored: Stored, before: Brand, after: Brand, now: datetime) -> Iterator[Deleted]:
    limits = {
        subject: limit.days
        for subject, limit in after.retention.items()
        if subject != TOPICS and (subject not in before.retention or limit.days < before.retention[subject].days)
    }
    for table in LIMITED:
        for subject, days in limits.items():
            what = table.column if subject == PROPERTIES else "rows" if table.has_sightings else ""
            if subject not in (PROPERTIES, SIGHTINGS) or not what:
                continue
            condition = SIGHTED if subject == SIGHTINGS else f"{table.column} != '{{}}'"
            parameters: dict[str, Any] = {"until": micros(now - timedelta(days=days))}
            [row] = stored.ask(
                f"SELECT count() AS n FROM {table.table} WHERE {condition} "
                f"AND {table.since} < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC')",
                **parameters,
            )
            yield Deleted(table.table, what, row["n"])
