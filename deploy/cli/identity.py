"""`footpath identity`: people, the quarantine, and overrides."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from uuid import UUID

from cyclopts import App, Parameter

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.identifiers.proofs import Proofs

Found = TypeVar("Found")

identity = App(help="Show people and their identifiers; link and unlink identifiers by hand.")

Json = Annotated[bool, Parameter(negative="", help="Print one JSON document instead of tables.")]
Text = Annotated[str, Parameter(allow_leading_hyphen=True)]
Kind = Annotated[
    str,
    Parameter(
        help="Type of an identifier: customer, loyalty, email, phone, payment, device, mac or one of the brand's own."
    ),
]
Value = Annotated[Text, Parameter(help="Its value as senders send it (it is hashed), or hash:… as lists print it.")]
OtherKind = Annotated[str, Parameter(help="Type of the other identifier.")]
OtherValue = Annotated[Text, Parameter(help="Value of the other identifier.")]


@identity.command
def link(type: Kind, value: Value, other_type: OtherKind, other_value: OtherValue) -> None:
    """State that two identifiers belong to one person; this overrides evidence and every guard.

    Two things are stronger: a placeholder links nobody, and what an operator unlinked stays apart.

    For example: footpath identity link customer C-1042 email ann@shop.example
    """
    _override("identity_linked", (type, value), (other_type, other_value))


@identity.command
def unlink(type: Kind, value: Value, other_type: OtherKind, other_value: OtherValue) -> None:
    """State that two identifiers belong to two people; each of the two keeps the events of its own identifiers.

    Whatever else connects the two, now or later, the newest edge on the way gives way: `footpath identity show` has it
    as refused, kept_apart. The latest override of a pair counts: only `footpath identity link` joins the two again.
    """
    _override("identity_unlinked", (type, value), (other_type, other_value))


@identity.command
def show(type: str = "", value: Text = "", /, *, person: UUID | None = None, json: Json = False) -> None:
    """Show a person: its identifiers, and every edge with its status and reason.

    For example: footpath identity show email ann@shop.example

    Parameters
    ----------
    type
        Type of an identifier of the person.
    value
        Its value (hashed here, with the key in FOOTPATH_IDENTIFIER_KEY_FILE), or hash:… as lists print it.
    person
        The person's id instead of an identifier; the id of a merged person is accepted too.
    """
    from deploy.operate.identity.identifier_input import IdentifierInput, stored_identifier
    from deploy.operate.identity.output import print_person
    from deploy.operate.identity.people import People

    if (person is None) == (not value):
        raise OperatorError("show needs the type and value of an identifier, or --person with an id")
    with People.connect(os.environ) as people:
        if person is not None:
            found = people.person(people.person_now(str(person)))
        else:
            identifier = stored_identifier(IdentifierInput(type, value), os.environ, people.country())
            found = people.person(people.person_with(identifier), [identifier])
    if not found.identifiers:
        raise OperatorError(f"nobody has been seen with the id {person}")
    _print(found, json, print_person)


@identity.command
def pseudonyms(type: Kind, file: Annotated[Path, Parameter(allow_leading_hyphen=True)]) -> None:
    """Print the hash of each of your own values as CSV (value,hash), for whoever has the identifier key.

    The store has hashes only. Joined by hash with the view person_identifier, this list says which of your customers a
    person is: footpath identity pseudonyms customer numbers.txt > hashes.csv

    Parameters
    ----------
    file
        One value a line; - is standard input. What is no identifier of the type, or a placeholder, has no hash.
    """
    from deploy.operate.identity.identifier_input import csv_of_pseudonyms
    from deploy.operate.identity.people import People

    try:
        values = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {error}") from None
    with People.connect(os.environ) as people:
        country = people.country()
    for line in csv_of_pseudonyms(type, values.splitlines(), os.environ, country):
        print(line)


@identity.command
def make_key() -> None:
    """Make the key that identifiers are hashed with, in the file that FOOTPATH_IDENTIFIER_KEY_FILE names.

    Every process of the deployment gets this file. Keep a copy: under another key every identifier is unknown.
    """
    from deploy.operate.identity.make_key import make_identifier_key

    print(make_identifier_key(os.environ))


@identity.command
def proof_key() -> None:
    """Print the key with which your own server signs proofs of identifiers, for events that web pages and apps send.

    It is derived from the identifier key (FOOTPATH_IDENTIFIER_KEY_FILE), which it does not reveal. Whoever has it can
    join phones to customers: it belongs on a server, never in a page. The README has the few lines that sign.
    """
    print(_proofs().key.hex())


@identity.command
def proof(
    type: Kind,
    value: Annotated[Text, Parameter(help="Its value as the event has it.")],
    /,
    *,
    device: Text,
    days: int = 30,
) -> None:
    """Print a proof that an identifier belongs to a device, to try out what your server signs.

    For example: footpath identity proof customer C-1042 --device 4f1a

    Parameters
    ----------
    device
        Value of the first identifier of type device in the event.
    days
        How long the proof holds.
    """
    print(_proofs().proof(type, value, device, int(time.time()) + days * 86_400))


@identity.command
def quarantine(*, json: Json = False) -> None:
    """List people with edges that guards refused, who else is affected, and the commands that decide each edge.

    The reasons are guards.person_size (person_size), guards.per_person (too_many, but not two customer or loyalty
    numbers) and guards.neighbours (hub) of the brand. A refused edge stays in the list until an operator links or
    unlinks it, or other limits let it through.
    """
    from deploy.operate.identity.output import print_quarantine
    from deploy.operate.identity.people import People

    with People.connect(os.environ) as people:
        quarantined = people.quarantine()
    _print(quarantined, json, print_quarantine)


@identity.command
def recheck() -> None:
    """Apply the brand's guards to the edges that guards refused, and what it says of Global Privacy Control to the
    devices whose browsers sent it, without waiting for another event of these people.

    `footpath brand apply` does so by itself when it changes guards and ClickHouse answers.
    """
    from deploy.operate.identity.limits import recheck as recheck_refused
    from deploy.target import read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with

    print(recheck_refused(read_kafka(os.environ), os.environ, codec_with(read_registry(os.environ))))


@identity.command
def train(out: Path, *, records: int = 200_000) -> None:
    """Train the matching model on the data in ClickHouse and write its weights as a file of the brand.

    The training needs no labelled pairs. Put the file into the brand's directory and run `footpath brand apply`: from
    then on the stream emits soft links (view likely_link), which move no points and no consent.

    Parameters
    ----------
    out
        File to write, e.g. my-brand/matching.yaml; JSON, which is YAML too.
    records
        Maximum number of records of each record type (people, devices) to train on.
    """
    from deploy.operate.store_client import connect
    from sinks.analysis.matching.run import train_from_store

    with connect(os.environ) as client:
        training = train_from_store(client, records)
    for line in training.summary:
        print(line)
    if not training.models:
        raise OperatorError("ClickHouse holds too little data to train on; nothing was written")
    try:
        out.write_bytes(training.document())
    except OSError as error:
        raise OperatorError(f"{out} cannot be written: {error.strerror}") from None
    print(f"written to {out}; `footpath brand apply` activates it")


def _override(
    kind: Literal["identity_linked", "identity_unlinked"], first: tuple[str, str], second: tuple[str, str]
) -> None:
    import asyncio

    from deploy.operate.identity.identifier_input import IdentifierInput
    from deploy.operate.identity.overrides import publish_override
    from deploy.target import read_target

    event_id = asyncio.run(
        publish_override(kind, IdentifierInput(*first), IdentifierInput(*second), read_target(os.environ))
    )
    print(f"accepted as event {event_id}; `footpath identity show` shows the result")


def _print(found: Found, json: bool, print_table: Callable[[Found, "Console"], None]) -> None:
    if json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    from rich.console import Console

    # Outside a terminal lines are neither wrapped nor cut, so that hashes can be copied.
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    print_table(
        found, console if console.is_terminal else Console(file=console.file, width=1000, highlight=False, markup=False)
    )


COMMAND = Command(identity, USE_IT)


def _proofs() -> "Proofs":
    from deploy.target import read_identifier_key
    from schemas.identifiers.proofs import Proofs

    return Proofs(read_identifier_key(os.environ))
