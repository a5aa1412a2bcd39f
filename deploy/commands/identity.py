"""Who is who: look at people, and settle by hand what no rule can know."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from uuid import UUID

from cyclopts import App, Parameter

from deploy.commands import USE_IT
from deploy.errors import Refused

if TYPE_CHECKING:
    from rich.console import Console

Found = TypeVar("Found")

identity = App(name="identity", help="Who is who: look at people, join and part identifiers by hand.", group=USE_IT)

Json = Annotated[bool, Parameter(negative="", help="Print one JSON document instead of tables.")]
Word = Annotated[str, Parameter(allow_leading_hyphen=True)]
Kind = Annotated[
    str,
    Parameter(
        help="Type of an identifier: customer, loyalty, email, phone, payment, device, mac or one of the brand's own."
    ),
]
Value = Annotated[Word, Parameter(help="Its value as it was sent (the gateway hashes it), or hash:… as lists show it.")]
OtherKind = Annotated[str, Parameter(help="Type of the other one.")]
OtherValue = Annotated[Word, Parameter(help="Its value.")]


@identity.command
def link(type: Kind, value: Value, other_type: OtherKind, other_value: OtherValue) -> None:
    """Say that two identifiers are one person's, whatever evidence and the limits of a person say.

    What joins nobody stays so: a placeholder, a shared device, an identifier that was seen with too many others.

    For example: footpath identity link customer C-1042 email ann@shop.example
    """
    _say("identity_linked", (type, value), (other_type, other_value))


@identity.command
def unlink(type: Kind, value: Value, other_type: OtherKind, other_value: OtherValue) -> None:
    """Say that two identifiers are not one person's; both sides get back what is their own.

    The last word counts: later events and replays do not join the two again, `footpath identity link` does.
    """
    _say("identity_unlinked", (type, value), (other_type, other_value))


@identity.command
def show(type: str = "", value: Word = "", /, *, person: UUID | None = None, json: Json = False) -> None:
    """Show a person: identifiers, and every edge with its verdict and reason.

    For example: footpath identity show email ann@shop.example

    Parameters
    ----------
    type
        Type of an identifier of the person.
    value
        Its value (hashed here, with the key in FOOTPATH_IDENTIFIER_KEY_FILE), or hash:… as lists show it.
    person
        The person's id instead, also an earlier one.
    """
    from deploy.identity.names import Named, identifier_of
    from deploy.identity.screen import show_person
    from deploy.identity.store import People

    if (person is None) == (not value):
        raise Refused("show needs the type and value of an identifier, or --person with an id")
    with People.reached(os.environ) as people:
        if person is not None:
            found = people.person(people.person_now(str(person)))
        else:
            identifier = identifier_of(Named(type, value), os.environ, people.country())
            found = people.person(people.person_with(identifier), [identifier])
    if not found.identifiers:
        raise Refused(f"nobody was seen with the id {person} so far")
    _print(found, json, show_person)


@identity.command
def quarantine(*, json: Json = False) -> None:
    """List people who would have more identifiers than a person may have, and how to settle them.

    The limit is the brand's guards.person_size. An edge that was refused because of it waits until an operator links or
    unlinks it.
    """
    from deploy.identity.screen import show_quarantine
    from deploy.identity.store import People

    with People.reached(os.environ) as people:
        waiting = people.quarantine()
    _print(waiting, json, show_quarantine)


@identity.command
def train(out: Path, *, records: int = 200_000) -> None:
    """Learn from the store how likely two records are to be of one person, and write the weights for the brand.

    Nobody has to say who is who. Put the file among the brand's and run `footpath brand apply`: from then on the stream
    tells soft links (view likely_link), which move no points and no consent.

    Parameters
    ----------
    out
        File to write, e.g. my-brand/likeness.yaml; JSON, which is YAML too.
    records
        How many records of each sort to learn from at most.
    """
    from deploy.store import reached
    from sinks.analysis.likeness.run import learn

    with reached(os.environ) as client:
        learnt = learn(client, records)
    for told in learnt.told:
        print(told)
    if not learnt.models:
        raise Refused("there is not enough in the store to learn from; nothing was written")
    try:
        out.write_bytes(learnt.document())
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from None
    print(f"written to {out}; `footpath brand apply` puts it to use")


def _say(
    kind: Literal["identity_linked", "identity_unlinked"], first: tuple[str, str], second: tuple[str, str]
) -> None:
    import asyncio

    from deploy.identity.names import Named
    from deploy.identity.saying import say
    from deploy.target import read_target

    event_id = asyncio.run(say(kind, Named(*first), Named(*second), read_target(os.environ)))
    print(f"taken as event {event_id}; see what follows with `footpath identity show`")


def _print(found: Found, json: bool, show: Callable[[Found, "Console"], None]) -> None:
    if json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    from rich.console import Console

    # Hashes are to be copied: outside a terminal nothing is wrapped or cut.
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    show(
        found, console if console.is_terminal else Console(file=console.file, width=1000, highlight=False, markup=False)
    )
