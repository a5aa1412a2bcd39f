"""The command line. Commands import what they need when they run, so that help is instant."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from deploy.errors import Refused

TRY_IT = Group("Try it", sort_key=1)
RUN_IT = Group("Run it: one process each, settings from FOOTPATH_… variables", sort_key=2)
SET_IT_UP = Group("Set it up: each step can be repeated", sort_key=3)
USE_IT = Group("Use it", sort_key=4)

app = App(
    name="footpath",
    help="Touchpoints in the physical world become events, answers, rewards and attribution.",
    help_format="plaintext",
    version_flags=[],
)
topics = App(name="topics", help="The topics on Kafka.", group=SET_IT_UP)
store = App(name="store", help="The tables and views in ClickHouse.", group=SET_IT_UP)
brand = App(name="brand", help="The brand's tags, stores, products, routes and rewards.", group=SET_IT_UP)
for commands in (topics, store, brand):
    app.command(commands)

DryRun = Annotated[bool, Parameter(negative="", help="Say what would be done, and do nothing.")]


@app.command(group=TRY_IT)
def up(
    *, data: Path | None = None, brand: Path | None = None, shoppers: int | None = None, workers: int | None = None
) -> int:
    """Start everything on this machine and keep it running until Ctrl-C.

    Parameters
    ----------
    data
        Directory of this stack (FOOTPATH_DATA, default .footpath).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: a demo brand).
    shoppers
        Simulated shoppers (FOOTPATH_SHOPPERS, default 20).
    workers
        Workers a processor (FOOTPATH_WORKERS, default 1).
    """
    from deploy.local import settings, stack

    _hush_libraries()
    try:
        chosen = settings.read(os.environ, data, brand, shoppers, workers)
    except settings.SettingError as error:
        raise Refused(str(error)) from None
    return stack.up(chosen)


@app.command(group=TRY_IT)
def shoppers(
    *,
    count: int = 20,
    gateway: str | None = None,
    brand: Path | None = None,
    seed: int | None = None,
    pace: float = 6.0,
) -> int:
    """Let simulated shoppers walk through the brand's stores until Ctrl-C.

    Parameters
    ----------
    count
        How many.
    gateway
        The gateway's address (FOOTPATH_GATEWAY, default: the stack in FOOTPATH_DATA).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    seed
        Number that decides every choice; without it each run differs.
    pace
        Mean seconds between two acts of one shopper.
    """
    from deploy.demo.shoppers import main as walk
    from deploy.target import read_target

    return walk(_brand_dir(brand), read_target(os.environ, gateway), count, seed, pace)


@app.command(group=RUN_IT)
def gateway() -> None:
    """Answer phones, tills, beacons and web pages over HTTP."""
    from gateway.serve import main as serve

    serve()


@app.command(group=RUN_IT)
def worker(*processors: str, name: str = "") -> int:
    """Run processors: identity, context, rewards, or several in one process.

    Parameters
    ----------
    processors
        Their names.
    name
        Name of this worker among several of its kind; its folder of stores has it.
    """
    from processors.worker import main as work

    return work(list(processors), name)


@app.command(group=RUN_IT)
def sink() -> None:
    """Write every topic into ClickHouse."""
    from sinks.serve import main as serve

    serve()


@topics.command(name="apply")
def topics_apply(*, replication: int = 1, dry_run: DryRun = False) -> None:
    """Create the topics that are missing on FOOTPATH_KAFKA.

    Parameters
    ----------
    replication
        Copies of each partition; with three or more, two must acknowledge a write.
    """
    from deploy.setup.topics import apply
    from schemas.topics import PARTITIONS

    _hush_libraries()
    for step in apply(_kafka(), _number("FOOTPATH_PARTITIONS", PARTITIONS), replication, dry_run):
        print(step)


@store.command(name="migrate")
def store_migrate(*, dry_run: DryRun = False) -> None:
    """Create or upgrade tables and views on FOOTPATH_CLICKHOUSE."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from sinks.store.migrate import MigrationError, migrate

    _hush_libraries()
    url = _setting("FOOTPATH_CLICKHOUSE", "http://127.0.0.1:8123")
    try:
        steps = migrate(url, dry_run)
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
    """Make the brand in these directories live in every process."""
    from deploy.setup.brand import apply

    _hush_libraries()
    print(apply(_kafka(), _places(places), dry_run, _setting("FOOTPATH_SCHEMA_REGISTRY", "")))


@app.command(name="import", group=USE_IT)
def import_(
    *files: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    again: Annotated[bool, Parameter(negative="")] = False,
    give_up_after: float = 300.0,
) -> int:
    """Send recorded events through the gateway: JSON Lines in the shape of the events API, .gz too.

    An import that was interrupted goes on where it stopped. Lines that are refused go to FILE.rejected.jsonl with
    their reason; the exit code is then 2.

    Parameters
    ----------
    files
        One or more files; - is standard input.
    again
        Send a file that is in already once more. Events that were in count once.
    give_up_after
        Seconds that the gateway may go without taking anything.
    """
    import asyncio

    from deploy.importing.run import import_file
    from deploy.target import read_data, read_target

    if not files:
        raise Refused("import needs a file, or - for standard input")
    target, imports = read_target(os.environ), read_data(os.environ) / "imports"
    code = 0
    for file in files:
        place = file if str(file) == "-" else file.absolute()
        summary = asyncio.run(import_file(place, target, imports, again, give_up_after))
        print(summary)
        code = 2 if summary.progress.rejected else code
    return code


@app.command(group=USE_IT)
def qr(
    *tags: str,
    out: Path,
    format: Literal["svg", "png", "pdf"] = "svg",
    brand: Path | None = None,
    address: str | None = None,
) -> None:
    """Write QR codes of tags for printing.

    Parameters
    ----------
    tags
        Tags of the brand; none: all of them.
    out
        Directory for the files, one a tag.
    format
        svg and pdf are drawn by lines and print at any size.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    address
        What the codes begin with, as phones will reach it (FOOTPATH_GATEWAY_PUBLIC_URL, default: the stack in
        FOOTPATH_DATA).
    """
    from deploy.printing import write_codes
    from deploy.target import read_gateway

    base = address or _setting("FOOTPATH_GATEWAY_PUBLIC_URL", "") or read_gateway(os.environ)
    for file in write_codes(_brand_dir(brand), tags, base, out, format):
        print(file)


def main() -> None:
    """Runs the command; what a user can mend ends with one message and exit code 1, never with a traceback."""
    try:
        app(exit_on_error=False)
    except CycloptsError:  # which has told already; 2 means something else for an import
        sys.exit(1)
    except Refused as error:
        print(f"footpath: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _hush_libraries() -> None:
    """Clients warn of what we wait out or tell ourselves; without a handler those lines would go to the terminal."""
    logging.getLogger().addHandler(logging.NullHandler())


def _kafka() -> str:
    return _setting("FOOTPATH_KAFKA", "127.0.0.1:9092")


def _setting(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def _number(name: str, default: int) -> int:
    text = _setting(name, str(default))
    if not text.isascii() or not text.isdigit() or not int(text):
        raise Refused(f"{name}={text} must be a whole number above zero")
    return int(text)


def _brand_dir(chosen: Path | None) -> Path:
    from deploy.local.settings import DEMO_BRAND

    return chosen or Path(_setting("FOOTPATH_BRAND", str(DEMO_BRAND)))


def _places(places: tuple[Path, ...]) -> tuple[Path, ...]:
    return places or (_brand_dir(None),)


if __name__ == "__main__":
    main()
