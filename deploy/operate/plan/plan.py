"""What applying a configuration would change, and what depends on that."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from deploy.operate.plan.consequences import Consequences, consequences
from deploy.operate.plan.differences import ItemChange, differences
from deploy.operate.store_client import connect
from deploy.operate.why.period import Watched
from schemas.brand.model import Brand
from schemas.process.errors import OperatorError


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``before`` and ``after`` are versions (before is empty where nothing was ever applied). ``uncounted`` says why
    there are no counts, and is empty where there are. ``meanings`` say what the changes come to, where that is not
    plain from their fields."""

    before: str
    after: str
    changes: list[ItemChange]
    meanings: list[str]
    consequences: Consequences | None = None
    uncounted: str = ""

    @property
    def changes_something(self) -> bool:
        """Whether applying it would write anything."""
        return bool(self.changes) or self.before != self.after


def plan(
    before: Brand | None, after: Brand, now: datetime, environ: Mapping[str, str], watched: Watched | None = None
) -> Plan:
    """The plan from one configuration to another. Blocks while it counts; without ClickHouse it has no counts."""
    changes = differences(before, after)
    counted, uncounted = None, ""
    if before is None:
        uncounted = "nothing was applied before"
    elif changes:
        try:
            with connect(environ) as client:
                counted = consequences(client, before, after, changes, now, watched)
        except OperatorError as error:
            uncounted = str(error)
    return Plan(
        before=before.version if before else "",
        after=after.version,
        changes=changes,
        meanings=list(_meanings(before, after, changes)) if before else [],
        consequences=counted,
        uncounted=uncounted,
    )


def _meanings(before: Brand, after: Brand, changes: list[ItemChange]) -> Iterator[str]:
    """What the changes mean, where that is not plain from the fields."""
    fields = {(one.section, field.field) for one in changes for field in one.fields}
    if any(section == "brand" and field.startswith("holdout.") for section, field in fields):
        yield f"hold-out: {after.about.holdout.share:.2%} of the people, drawn anew where the salt is another"
    if any(section == "brand" and field.startswith("guards.") for section, field in fields):
        yield "guards: apply checks the edges that they refused again; what is linked stays linked"
    for one in changes:
        if one.section == "rewards" and one.change == "removed":
            yield f"rule {one.id} posts nothing more; its entries stay, and returns still reverse them"
        if one.section == "rewards" and one.change == "changed" and "version" not in {f.field for f in one.fields}:
            yield f"rule {one.id} changes and keeps its version: apply refuses that; count it up"
        if one.section == "tags" and one.change == "removed":
            yield f"tag {one.id}: printed codes lead to the brand's fallback ({after.about.fallback})"
    for purpose, now in after.consent.items():
        was = before.consent.get(purpose)
        if was is None:
            yield f"consent to {purpose} is new: silence means {now.default}; whoever said nothing is asked"
        elif was.default != now.default:
            yield f"consent to {purpose}: silence means {now.default}, not {was.default} any more"
        if now.policy and was is not None and was.policy != now.policy:
            yield f"consent to {purpose}: whoever granted another version than {now.policy} is asked again"
    for purpose in before.consent.keys() - after.consent.keys():
        yield f"consent to {purpose} is no purpose any more: allowed unless withdrawn"
    for subject, limit in after.retention.items():
        earlier = before.retention.get(subject)
        if earlier is None or limit.days < earlier.days:
            yield f"retention: {subject} older than {limit.days} days go, for good"
