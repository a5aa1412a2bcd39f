"""`footpath consent`: what people said about the use of their data."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError

consent = App(help="Show what somebody allows, and import statements.")

Text = Annotated[str, Parameter(allow_leading_hyphen=True)]


@consent.command
def show(
    type: str,
    value: Text,
    /,
    *,
    json: Annotated[bool, Parameter(negative="", help="Print one JSON document instead of tables.")] = False,
) -> None:
    """Show what a person allows now and why, and everything that they said, with its proof.

    For example: footpath consent show email ann@shop.example

    Parameters
    ----------
    type
        Type of an identifier of the person.
    value
        Its value (hashed here, with the key in FOOTPATH_IDENTIFIER_KEY_FILE), or hash:… as lists print it.
    """
    import msgspec
    from rich.console import Console

    from deploy.operate.consent.output import print_consent
    from deploy.operate.consent.person import consent_of
    from deploy.operate.identity.identifier_input import IdentifierInput, stored_identifier
    from deploy.operate.identity.people import People
    from deploy.operate.store_client import connect

    with connect(os.environ) as client:
        people = People(client)
        country = people.country()
        identifier = stored_identifier(IdentifierInput(type, value), os.environ, country)
        found = consent_of(client, people.person_with(identifier), country)
    if json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        # Outside a terminal lines are neither wrapped nor cut, so that ids can be copied.
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        print_consent(found, console if console.is_terminal else Console(width=1000, highlight=False, markup=False))


@consent.command(name="import")
def import_(*files: Path, give_up_after: float = 300.0) -> int:
    """Send statements of a CRM or a consent platform to the gateway.

    A file is CSV in UTF-8 with a header: occurred_at,type,value,action,purposes,channels,policy_version,expires_at,
    jurisdiction,store,text_id,text,language,where,control. The first five are required: a time of RFC 3339, type and
    value of an identifier (or hash:…), granted or withdrawn, and purposes separated by blanks (identity,
    personalisation, marketing, analytics); channels are those of marketing (email, sms, whatsapp, push), by default
    all. A file may be sent again: the same row counts once. Rejected rows are written to FILE.rejected.csv with line
    and reason; the exit code is then 2. The key (FOOTPATH_API_KEY) needs the scope events:crm or events:write.

    For example: footpath consent import consents.csv

    Parameters
    ----------
    files
        One or more CSV files.
    give_up_after
        Time without any accepted request after which the command gives up, in seconds.
    """
    from deploy.operate.consent.rows import Statements
    from deploy.operate.csv_file.send import send_files
    from deploy.target import read_target

    if not files:
        raise OperatorError("consent import needs a CSV file")
    return send_files(files, read_target(os.environ), give_up_after, Statements)


COMMAND = Command(consent, USE_IT)
