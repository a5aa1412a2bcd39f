"""`footpath brand`: the brand's configuration."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import SET_IT_UP, Command

brand = App(help="Check and apply the brand: its tags, stores, products, routes and rewards.")

Folders = Annotated[
    Path, Parameter(help="Directories with the brand's YAML files. None: that of FOOTPATH_BRAND, if it is set.")
]


@brand.command
def check(*folders: Folders, base: Path | None = None) -> None:
    """Read the brand's files and print every mistake with file, line and field; then what counts where nobody said
    anything about consent.

    Parameters
    ----------
    base
        Directory with the brand's files as they are live: a reward that says something else needs a higher version.
    """
    from deploy.setup.brand import check as read_brand
    from deploy.setup.brand import refuse_unversioned
    from schemas.brand.consent import silence

    found = read_brand(_named(folders))
    if base is not None:
        refuse_unversioned(found, read_brand((base,)))
    print(
        f"{found.about.name}: version {found.version}, {len(found.stores)} stores, {len(found.tags)} tags, "
        f"{len(found.products)} products, {len(found.routes)} routes, {len(found.rewards)} rewards"
    )
    for sentence in silence(found.consent.values()):
        print(f"consent: {sentence}")


@brand.command
def apply(*folders: Folders, dry_run: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Publish the brand to FOOTPATH_KAFKA; every running process takes it up.

    Changed guards are applied to the people who exist as well, if FOOTPATH_CLICKHOUSE answers.
    The API key that `footpath up` made for its own senders stays valid on that stack.

    Parameters
    ----------
    dry_run
        Print what would be done, and change nothing.
    """
    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.identity.limits import recheck
    from deploy.setup.brand import apply as publish_brand
    from deploy.target import read_kafka, read_registry, stack_keys
    from schemas.codec.schema_registry import codec_with
    from schemas.process.errors import OperatorError

    silence_client_logs()
    kafka = read_kafka(os.environ)
    keys, registry = stack_keys(os.environ, kafka), read_registry(os.environ)
    applied = publish_brand(kafka, _named(folders), dry_run, registry, keys)
    print(applied)
    if applied.guards_changed and not dry_run:
        try:
            print(recheck(kafka, os.environ, codec_with(registry), applied.after, applied.gpc_changed))
        except OperatorError as error:
            print(f"guards: they count from the next event of a person on; `footpath identity recheck` helps ({error})")


@brand.command
def inputs() -> None:
    """Print what expressions (`if`) may read, as Markdown."""
    from schemas.expressions.page import page

    print(page(), end="")


@brand.command
def plan(
    *folders: Folders,
    detailed_exitcode: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="", help="Print one JSON document.")] = False,
) -> int:
    """Show what applying the brand would change, and how much of what happened depends on it. Changes nothing.

    Compares the files with what FOOTPATH_KAFKA has: added, removed and changed items with their fields. From
    FOOTPATH_CLICKHOUSE, if it answers: how many answers of the last 7 and 30 days would have been others, people and
    points of changed rules, scans of tags that go, who is asked for consent again, what retention would delete.

    Parameters
    ----------
    detailed_exitcode
        Exit with 2 when something changes (0 without changes, 1 for an error); else with 0 for both.
    """
    from datetime import UTC, datetime

    import msgspec

    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.plan.outline import outline
    from deploy.operate.plan.plan import plan as plan_of
    from deploy.operate.why.output import build_console, print_node
    from deploy.operate.why.period_output import PeriodProgress
    from deploy.setup.brand import check as read_brand
    from deploy.setup.brand import live
    from deploy.target import read_kafka, read_registry, stack_keys
    from schemas.brand.rule_versions import without_earlier_rules

    silence_client_logs()
    kafka = read_kafka(os.environ)
    after = read_brand(_named(folders), stack_keys(os.environ, kafka))
    before = live(kafka, read_registry(os.environ))
    if before is not None:
        before = without_earlier_rules(before)
    with PeriodProgress() as progress:
        found = plan_of(before, after, datetime.now(UTC), os.environ, progress)
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        print_node(outline(found), build_console())
    return 2 if detailed_exitcode and found.changes_something else 0


def _named(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """The folders that somebody named: no brand goes live, or is called right, by default.

    :raises OperatorError: none was named.
    """
    from deploy.environment import read
    from deploy.local.settings import BRAND
    from schemas.process.errors import OperatorError

    if not folders and (setting := read(BRAND, os.environ)):
        return (setting,)
    if not folders:
        raise OperatorError("which folder? Name it, as in `footpath brand apply my-brand`, or set FOOTPATH_BRAND")
    return folders


COMMAND = Command(brand, SET_IT_UP)
