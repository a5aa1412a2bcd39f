"""People and edges as tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from deploy.operate.identity.identifier_input import as_argument
from deploy.operate.identity.people import Edge, Person, Quarantined

COLUMNS = ("identifier", "other", "status", "reason", "since (UTC)", "first event")
SHOWN = 20
"""How many refused edges of a person a terminal gets: a shared identifier has hundreds."""


def print_person(person: Person, console: Console) -> None:
    """Prints a person, its identifiers, and its edges with status and reason."""
    console.print(f"person {person.person_id}: {person.touchpoints:,} touchpoints, {person.points:,} points")
    console.print(_table(("identifier",), ([as_argument(identifier)] for identifier in person.identifiers)))
    if person.edges:
        console.print(_table(COLUMNS, _rows(person.edges)))


def print_quarantine(quarantined: Sequence[Quarantined], console: Console) -> None:
    """Prints the people in quarantine, their refused edges, and the two commands that decide each edge."""
    if not quarantined:
        console.print("the quarantine is empty: no edge waits for an operator")
    for person in quarantined:
        count = f"{len(person.identifiers)} identifiers, {len(person.refused)} edges refused"
        console.print(f"person {person.person_id}: {count}, {len(person.affected)} other people affected")
        console.print(_table(COLUMNS, _rows(person.refused[:SHOWN])))
        if len(person.refused) > SHOWN:
            console.print(f"{len(person.refused) - SHOWN} more: --json lists all")
        console.print("for each edge, link or unlink its two identifiers:")
        for edge in person.refused[:SHOWN]:
            pair = f"{as_argument(edge.identifier)} {as_argument(edge.other_identifier)}"
            console.print(f"  footpath identity link {pair}\n  footpath identity unlink {pair}")


def _rows(edges: Iterable[Edge]) -> Iterable[list[str]]:
    return (
        [
            as_argument(edge.identifier),
            as_argument(edge.other_identifier),
            edge.status,
            edge.reason,
            edge.occurred_at[:19],
            edge.first_source_event_id,
        ]
        for edge in edges
    )


def _table(columns: Iterable[str], rows: Iterable[list[str]]) -> Table:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table
