"""`footpath points`: an operator gives, takes and transfers points."""

import os
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from deploy.cli import USE_IT, Command

if TYPE_CHECKING:
    from deploy.operate.identity.identifier_input import IdentifierInput

points = App(help="Give, take and transfer points by hand, with a reason that stays in the ledger.")

Text = Annotated[str, Parameter(allow_leading_hyphen=True)]
Count = Annotated[int, Parameter(allow_leading_hyphen=True)]
Id = Annotated[str, Parameter(help="Id of the event: what is sent again under it happens once. By default a new one.")]
Reason = Annotated[str, Parameter(help="Why, for whoever reads the ledger.")]


@points.command
def adjust(type: str, value: Text, points: Count, /, *, reason: Reason, id: Id = "") -> None:
    """Give a person points, or take them away.

    They can be spent at once and expire as others of the day do. More than the person can spend is not taken: the
    ledger has an entry of the kind refused then. The key in FOOTPATH_API_KEY needs the scope events:points.

    For example: footpath points adjust customer C-1042 -50 --reason "posted twice by hand"

    Parameters
    ----------
    type
        Type of an identifier of the person.
    value
        Its value as senders send it (it is hashed), or hash:… as lists print it.
    points
        How many; below zero to take them away.
    """
    from deploy.operate.identity.identifier_input import IdentifierInput
    from deploy.operate.points import adjustment

    _publish(adjustment(IdentifierInput(type, value), points, reason, id))


@points.command
def transfer(
    type: str, value: Text, to_type: str, to_value: Text, points: int, /, *, reason: Reason, id: Id = ""
) -> None:
    """Take points from one person to another, each lot with its end. The two stay two people.

    For example: footpath points transfer customer C-1042 customer C-77 200 --reason "a family's wish"

    Parameters
    ----------
    type
        Type of an identifier of whoever gives them.
    value
        Its value as senders send it (it is hashed), or hash:… as lists print it.
    to_type
        Type of an identifier of whoever gets them.
    to_value
        Its value (hashed here, with the key in FOOTPATH_IDENTIFIER_KEY_FILE), or hash:… as lists print it.
    points
        How many.
    """
    from deploy.operate.identity.identifier_input import IdentifierInput
    from deploy.operate.points import transfer as transferred

    to = IdentifierInput(to_type, to_value)
    _publish(transferred(IdentifierInput(type, value), to, points, reason, os.environ, _country(to), id))


def _country(to: "IdentifierInput") -> str:
    """The brand's, which completes national phone numbers; nobody needs it for a hash."""
    if to.hash:
        return ""
    from deploy.operate.identity.people import People

    with People.connect(os.environ) as people:
        return people.country()


def _publish(event: dict[str, object]) -> None:
    import asyncio

    from deploy.operate.points import publish
    from deploy.target import read_target

    event_id = asyncio.run(publish(event, read_target(os.environ)))
    print(f"accepted as event {event_id}; view ledger_entry has what became of it")


COMMAND = Command(points, USE_IT)
