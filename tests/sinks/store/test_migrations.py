"""The store is made from SQL files: migrations once each, views whenever one changed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.codec.avro import revisions
from schemas.topics import TOPICS, Topic
from sinks.clickhouse.columns import Columns
from sinks.store.migrate import migrate
from sinks.store.scripts import FOLDER, MigrationError, Script, migrations, views
from tests.support.servers import start_clickhouse
from tests.support.sink_store import Store

BOOKKEEPING = ["_key", "_partition", "_offset", "_version", "inserted_at"]

NEW_TABLE = """-- Grain:     one thing
-- Source:    table touchpoint_identified
-- Dedup key: id
-- Retention: unlimited
-- After:     touchpoints

CREATE TABLE IF NOT EXISTS footpath.thing
(
    id String COMMENT 'Id.'
)
ENGINE = ReplacingMergeTree
ORDER BY id
COMMENT 'One thing.';
"""
NEW_VIEW = """-- Grain:      one person
-- Sources:    person, thing
-- Definition: every person.
-- Example:    SELECT * FROM a_view

CREATE OR REPLACE VIEW footpath.a_view AS
SELECT person_id FROM footpath.person WHERE toString(person_id) NOT IN (SELECT id FROM footpath.thing)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the SQL files, to be changed."""
    for part in ("migrations", "views"):
        shutil.copytree(FOLDER / part, tmp_path / part)
    return tmp_path


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    """A ClickHouse of this test's own that was never migrated."""
    part = start_clickhouse(tmp_path / "clickhouse")
    yield Store(part)
    part.stop()


def test_a_second_run_does_nothing(store: Store) -> None:
    assert migrate(store.part.url) == []


def test_a_dry_run_reports_everything_and_does_nothing(empty: Store) -> None:
    planned = migrate(empty.part.url, dry_run=True)
    assert planned == migrate(empty.part.url, dry_run=True)
    assert migrate(empty.part.url) == planned
    assert len(planned) == 1 + len(migrations()) + len(views())


def test_a_table_is_added_by_one_migration_file_and_a_view_by_one_view_file(empty: Store, copy: Path) -> None:
    migrate(empty.part.url, folder=copy)
    (copy / "migrations" / "things").mkdir()
    (copy / "migrations" / "things" / "0001_create_thing.sql").write_text(NEW_TABLE)
    (copy / "views" / "things").mkdir()
    (copy / "views" / "things" / "a_view.sql").write_text(NEW_VIEW)
    steps = migrate(empty.part.url, folder=copy)
    assert steps[0] == "apply things/0001_create_thing.sql"
    assert "create view a_view" in steps and len(steps) == 1 + len(views(copy))
    assert empty.ask("SELECT count() FROM a_view") == [(0,)]
    ledger = "SELECT number, checksum != '' FROM migration FINAL WHERE feature = 'things'"
    assert empty.ask(ledger) == [(1, True)]
    assert migrate(empty.part.url, folder=copy) == []
    with pytest.raises(MigrationError, match=r"things/0001_create_thing\.sql was applied .* newer version"):
        migrate(empty.part.url)


def test_features_run_after_those_that_they_name(copy: Path) -> None:
    (copy / "migrations" / "a_feature").mkdir()
    (copy / "migrations" / "a_feature" / "0001_create_thing.sql").write_text(NEW_TABLE)
    order = [script.group for script in migrations(copy)]
    assert order.index("a_feature") > len(order) - 1 - order[::-1].index("touchpoints")


def renamed(script: Path, name: str) -> None:
    script.rename(script.with_name(name))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no number": (
        lambda copy: renamed(copy / "migrations/stock/0001_create_stock_reported.sql", "stock.sql"),
        r"stock/stock\.sql: must be named <feature>/NNNN_verb_object\.sql",
    ),
    "a number twice": (
        lambda copy: (copy / "migrations/stock/0001_z.sql").write_text(NEW_TABLE),
        r"stock/0001_z\.sql: has the number of stock/0001_create_stock_reported\.sql",
    ),
    "no such feature": (
        lambda copy: (copy / "migrations/stock/0099_z.sql").write_text(NEW_TABLE.replace("touchpoints", "nothing")),
        r"stock/0099_z\.sql: comes after nothing, which is no feature",
    ),
    "a circle": (
        lambda copy: (copy / "migrations/touchpoints/0099_z.sql").write_text(
            NEW_TABLE.replace("touchpoints", "attribution")
        ),
        "features that come after each other",
    ),
    "another feature's table": (
        lambda copy: (copy / "migrations/stock/0099_z.sql").write_text("INSERT INTO footpath.touch SELECT 1;"),
        r"stock/0099_z\.sql: uses touch; add the header line '-- After:     attribution'",
    ),
    "a view twice": (
        lambda copy: shutil.copy(copy / "views/person/person.sql", copy / "views/identity"),
        r"person/person\.sql: identity/person\.sql has the same name",
    ),
    "another view's name": (
        lambda copy: renamed(copy / "views/person/person.sql", "people.sql"),
        r"person/people\.sql: must say CREATE OR REPLACE VIEW footpath\.people AS",
    ),
}


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_files_that_cannot_be_used_are_named(copy: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(copy)
    with pytest.raises(MigrationError, match=message):
        migrations(copy)
        views(copy)


def test_a_changed_migration_is_an_error_that_names_it(store: Store, copy: Path) -> None:
    first = copy / "migrations" / "touchpoints" / "0001_create_touchpoint_recorded.sql"
    first.write_text(first.read_text() + "-- changed")
    with pytest.raises(MigrationError, match=r"touchpoints/0001_create_touchpoint_recorded\.sql was changed"):
        migrate(store.part.url, folder=copy)


def test_a_renamed_migration_is_an_error_that_names_both(store: Store, copy: Path) -> None:
    renamed(copy / "migrations/stock/0001_create_stock_reported.sql", "0001_create_stock.sql")
    with pytest.raises(MigrationError, match=r"stock/0001_create_stock\.sql was applied .* as 0001_create_stock_rep"):
        migrate(store.part.url, folder=copy)


def test_a_store_of_a_newer_version_is_left_alone(store: Store, copy: Path) -> None:
    shutil.rmtree(copy / "migrations" / "stock")
    with pytest.raises(MigrationError, match=r"stock/0001_create_stock_reported\.sql was applied .* newer version"):
        migrate(store.part.url, folder=copy)


def test_a_changed_view_is_made_again(store: Store, copy: Path) -> None:
    person = copy / "views" / "person" / "person.sql"
    person.write_text(person.read_text().replace("-- Grain:      ", "-- Grain:      (changed) ", 1))
    assert migrate(store.part.url, folder=copy) == [f"create view {view.stem}" for view in views()]
    assert store.one("SELECT comment LIKE 'Grain:      (changed)%' FROM system.tables WHERE name = 'person'")
    migrate(store.part.url)


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if "sink" in topic.read_by], ids=lambda topic: topic.table)
def test_columns_are_the_fields_of_the_schema(store: Store, topic: Topic) -> None:
    found = [
        name
        for (name,) in store.ask(f"SELECT name FROM system.columns WHERE table = '{topic.table}' ORDER BY position")
    ]
    assert found == Columns(topic, revisions(topic)[-1]).names + BOOKKEEPING


def test_every_column_says_what_it_is(store: Store) -> None:
    silent = (
        "SELECT table, name FROM system.columns JOIN system.tables AS t ON t.name = table WHERE database = 'footpath'"
    )
    assert store.ask(f"{silent} AND t.engine LIKE '%MergeTree' AND system.columns.comment = ''") == []


@pytest.mark.parametrize("view", views(), ids=lambda view: view.stem)
def test_a_view_carries_its_header_as_comment(store: Store, view: Script) -> None:
    comment = store.one(f"SELECT comment FROM system.tables WHERE database = 'footpath' AND name = '{view.stem}'")
    assert comment == view.header
    assert [line.split(":")[0] for line in comment.splitlines() if line[0] != " "] == [
        "Grain",
        "Sources",
        "Definition",
        "Example",
    ]


@pytest.mark.parametrize("view", views(), ids=lambda view: view.stem)
def test_the_example_of_a_view_runs(store: Store, view: Script) -> None:
    store.ask(view.header.split("Example:")[1])


@pytest.mark.parametrize("script", migrations(), ids=lambda script: script.path)
def test_a_migration_opens_with_grain_source_key_and_retention(script: Script) -> None:
    assert [line.split(":")[0] for line in script.header.splitlines()[:4]] == [
        "Grain",
        "Source",
        "Dedup key",
        "Retention",
    ]
