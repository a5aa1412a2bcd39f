"""The store is made from numbered files, once each."""

from pathlib import Path

import pytest

from schemas.codec import revisions
from schemas.topics import TOPICS, Topic
from sinks.columns import column_of
from sinks.store import migrate as store_files
from sinks.store.migrate import MigrationError, migrate, migrations, views
from tests.parts import start_clickhouse
from tests.sinks.store import Store

BOOKKEEPING = ["_key", "_partition", "_offset", "_version", "inserted_at"]


def test_a_second_run_does_nothing(store: Store) -> None:
    assert migrate(store.part.url) == []


def test_a_dry_run_tells_everything_and_does_nothing(tmp_path: Path) -> None:
    part = start_clickhouse(tmp_path)
    try:
        told = migrate(part.url, dry_run=True)
        assert told == migrate(part.url, dry_run=True)
        assert migrate(part.url) == told
        assert len(told) == 1 + len(migrations()) + len(views())
    finally:
        part.stop()


def test_a_changed_migration_is_an_error_that_names_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = migrations()
    changed = store_files.Script(first.number, first.name, first.sql + "-- changed")
    monkeypatch.setattr(store_files, "migrations", lambda: [changed, *others])
    with pytest.raises(MigrationError, match=r"0001_create_touchpoint_recorded\.sql was changed"):
        migrate(store.part.url)


def test_a_store_of_a_newer_version_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    *older, newest = migrations()
    monkeypatch.setattr(store_files, "migrations", lambda: older)
    with pytest.raises(MigrationError, match=f"{newest.name} was applied .* newer version"):
        migrate(store.part.url)


def test_a_changed_view_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    defined = views()
    changed = [
        store_files.Script(0, view.name, view.sql.replace("-- Grain: ", "-- Grain: (changed)", 1)) for view in defined
    ]
    monkeypatch.setattr(store_files, "views", lambda: changed)
    assert migrate(store.part.url) == [f"create view {view.subject}" for view in defined]
    assert store.one("SELECT comment LIKE 'Grain: (changed)%' FROM system.tables WHERE name = 'person'")
    monkeypatch.setattr(store_files, "views", lambda: defined)
    migrate(store.part.url)


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if "sink" in topic.read_by], ids=lambda topic: topic.table)
def test_columns_are_the_fields_of_the_schema(store: Store, topic: Topic) -> None:
    found = [
        name
        for (name,) in store.ask(f"SELECT name FROM system.columns WHERE table = '{topic.table}' ORDER BY position")
    ]
    assert found == [column_of(field["name"]) for field in revisions(topic)[-1].document["fields"]] + BOOKKEEPING


def test_every_column_says_what_it_is(store: Store) -> None:
    silent = (
        "SELECT table, name FROM system.columns JOIN system.tables AS t ON t.name = table WHERE database = 'footpath'"
    )
    assert store.ask(f"{silent} AND t.engine LIKE '%MergeTree' AND system.columns.comment = ''") == []


@pytest.mark.parametrize("view", views(), ids=lambda view: view.subject)
def test_a_view_carries_its_header_as_comment(store: Store, view: store_files.Script) -> None:
    comment = store.one(f"SELECT comment FROM system.tables WHERE database = 'footpath' AND name = '{view.subject}'")
    assert comment == view.header
    assert [line.split(":")[0] for line in comment.splitlines() if line[0] != " "] == [
        "Grain",
        "Sources",
        "Definition",
        "Example",
    ]


@pytest.mark.parametrize("view", views(), ids=lambda view: view.subject)
def test_the_example_of_a_view_runs(store: Store, view: store_files.Script) -> None:
    store.ask(view.header.split("Example:")[1])


@pytest.mark.parametrize("script", migrations(), ids=lambda script: script.name)
def test_a_migration_opens_with_grain_source_key_and_retention(script: store_files.Script) -> None:
    assert [line.split(":")[0] for line in script.header.splitlines()[:4]] == [
        "Grain",
        "Source",
        "Dedup key",
        "Retention",
    ]
