"""Steps before a start; each can be repeated."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deploy.commands import SET_IT_UP
from deploy.environment import brand_dir, hush_libraries, number, setting
from deploy.errors import Refused
from deploy.target import read_clickhouse, read_kafka, stack_keys

topics = App(name="topics", help="The topics on Kafka.", group=SET_IT_UP)
store = App(name="store", help="The tables and views in ClickHouse.", group=SET_IT_UP)
brand = App(name="brand", help="The brand's tags, stores, products, routes and rewards.", group=SET_IT_UP)

DryRun = Annotated[bool, Parameter(negative="", help="Say what would be done, and do nothing.")]


@topics.command(name="apply")
def topics_apply(*, replication: int = 1, dry_run: DryRun = False) -> None:
    """Create the topics that are missing on FOOTPATH_KAFKA, else on the stack that runs here.

    Parameters
    ----------
    replication
        Copies of each partition; with three or more, two must acknowledge a write.
    """
    from deploy.setup.topics import apply
    from schemas.topics import PARTITIONS

    hush_libraries()
    for step in apply(read_kafka(os.environ), number("FOOTPATH_PARTITIONS", PARTITIONS), replication, dry_run):
        print(step)


@store.command(name="migrate")
def store_migrate(*, dry_run: DryRun = False) -> None:
    """Create or upgrade tables and views on FOOTPATH_CLICKHOUSE, else on the stack that runs here."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from sinks.store.migrate import MigrationError, migrate

    hush_libraries()
    try:
        steps = migrate(read_clickhouse(os.environ), dry_run)
    except MigrationError as error:
        raise Refused(str(error)) from None
    except ClickHouseError as error:
        raise Refused(f"FOOTPATH_CLICKHOUSE: ClickHouse does not answer or refuses: {error}") from None
    print("\n".join(steps) or "keep   every table and view")


@brand.command(name="check")
def brand_check(*places: Path) -> None:
    """Read the brand in these directories and name every mistake with file, line and field."""
    from deploy.setup.brand import check

    found = check(_places(places))
    print(
        f"{found.about.name}: version {found.version}, {len(found.stores)} stores, {len(found.tags)} tags, "
        f"{len(found.products)} products, {len(found.routes)} routes, {len(found.rewards)} rewards"
    )


@brand.command(name="apply")
def brand_apply(*places: Path, dry_run: DryRun = False) -> None:
    """Make the brand in these directories live in every process.

    On the stack that runs here its demo sender's key stays valid.
    """
    from deploy.setup.brand import apply

    hush_libraries()
    kafka = read_kafka(os.environ)
    whole = (*_places(places), *stack_keys(os.environ, kafka))
    print(apply(kafka, whole, dry_run, setting("FOOTPATH_SCHEMA_REGISTRY", "")))


def _places(places: tuple[Path, ...]) -> tuple[Path, ...]:
    return places or (brand_dir(None),)
