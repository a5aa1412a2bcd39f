"""A plan as an outline for people."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from deploy.operate.plan.consequences import Consequences
from deploy.operate.plan.differences import Change, FieldChange, ItemChange
from deploy.operate.plan.plan import Plan
from deploy.operate.why.outline import Node
from deploy.operate.why.period import Period
from deploy.operate.why.period_output import notes, target

SIGNS: dict[Change, str] = {"added": "+", "removed": "-", "changed": "~"}
MOVES_SHOWN = 10


def outline(plan: Plan) -> Node:
    """The whole plan."""
    if not plan.changes_something:
        return Node(f"nothing changes: version {plan.after} is live")
    counts = Counter(one.change for one in plan.changes)
    words = ", ".join(f"{counts[change]} {change}" for change in SIGNS if counts[change]) or "the same items"
    below = [
        Node(section, [_item(one) for one in items])
        for section, items in groupby(plan.changes, key=lambda one: one.section)
    ]
    if plan.meanings:
        below.append(Node("what that means", [Node(meaning) for meaning in plan.meanings]))
    if plan.consequences is not None:
        below.append(Node("what depends on it", list(_counted(plan.consequences)) or [Node("nothing that is stored")]))
    if plan.uncounted:
        below.append(Node(f"counts are missing: {plan.uncounted}", wrong=plan.before != ""))
    return Node(f"version {plan.before or '(none)'} to {plan.after}: {words}", below)


def _item(one: ItemChange) -> Node:
    return Node(f"{SIGNS[one.change]} {one.id}", [_field(field) for field in one.fields])


def _field(one: FieldChange) -> Node:
    return Node(f"{one.field}: {_value(one.before)} → {_value(one.after)}")


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()


def _counted(found: Consequences) -> Iterator[Node]:
    for period in found.answers:
        yield _answers(period)
    for rule in found.rules:
        yield Node(
            f"rule {rule.rule}: {rule.people:,} people have {rule.points:,} points of it; their balances are "
            f"{rule.balances:,} points"
        )
    for tag in found.tags:
        yield Node(f"tag {tag.tag}: {tag.scans:,} scans in 30 days, the last {tag.last_at}", wrong=True)
    for asked in found.asked:
        yield Node(f"consent to {asked.purpose}: {asked.people:,} people granted another version")
    for deleted in found.deleted:
        yield Node(f"retention: {deleted.rows:,} rows of {deleted.table} lose their {deleted.what}", wrong=True)


def _answers(period: Period) -> Node:
    days = (period.until - period.since).days
    of = f"{period.answers:,}" if period.answers == period.of else f"{period.answers:,} drawn of {period.of:,}"
    moved = [Node(f"{one.was} → {target(one)}: {one.answers:,}") for one in period.moved[:MOVES_SHOWN]]
    if len(period.moved) > MOVES_SHOWN:
        moved.append(Node(f"and {len(period.moved) - MOVES_SHOWN} other pairs of routes: --json lists all"))
    text = f"answers of {days} days: {period.changed:,} of {of} would be others"
    return Node(text, [*moved, *(Node(note) for note in notes(period))])
