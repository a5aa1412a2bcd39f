"""People and edges as tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from deploy.identity.names import written
from deploy.identity.store import Edge, Person, Waiting

HEADS = ("identifier", "other", "verdict", "reason", "since (UTC)", "first event")


def show_person(person: Person, console: Console) -> None:
    """The person, its identifiers, and its edges with their verdicts."""
    console.print(f"person {person.person_id}: {person.touchpoints:,} touchpoints, {person.points:,} points")
    console.print(_table(("identifier",), ([written(one)] for one in person.identifiers)))
    if person.edges:
        console.print(_table(HEADS, _rows(person.edges)))


def show_quarantine(waiting: Sequence[Waiting], console: Console) -> None:
    """Who waits, and the commands that settle each edge."""
    if not waiting:
        console.print("nobody waits: no person was refused an edge because of its size")
    for person in waiting:
        count = f"{len(person.identifiers)} identifiers, {len(person.refused)} edges wait"
        console.print(f"person {person.person_id}: {count}")
        console.print(_table(HEADS, _rows(person.refused)))
        console.print("for each of them say whether both are one person's:")
        for edge in person.refused:
            pair = f"{written(edge.identifier)} {written(edge.other_identifier)}"
            console.print(f"  footpath identity link {pair}\n  footpath identity unlink {pair}")


def _rows(edges: Iterable[Edge]) -> Iterable[list[str]]:
    return (
        [
            written(edge.identifier),
            written(edge.other_identifier),
            edge.verdict,
            edge.reason,
            edge.occurred_at[:19],
            edge.first_source_event_id,
        ]
        for edge in edges
    )


def _table(heads: Iterable[str], rows: Iterable[list[str]]) -> Table:
    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table
