"""`footpath contact-keys`: the master keys that wrap the data keys of contact values."""

import os
from pathlib import Path

from cyclopts import App

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import CONTACT_KEY_FILE

contact_keys = App(
    name="contact-keys", help="Master keys of contact values: list, add, rewrap what others wrap, destroy."
)


@contact_keys.command(name="list")
def list_() -> None:
    """Print the ids of the keys, the one that wraps last.

    The file is FOOTPATH_CONTACT_KEY_FILE, else that of the stack in FOOTPATH_DATA.
    """
    from deploy.operate.key_files import key_ids

    for id in key_ids(_file(), CONTACT_KEY_FILE.name):
        print(id)


@contact_keys.command
def add() -> None:
    """Add a key, which wraps new data keys from now on; the others go on unwrapping.

    Bring the file to every gateway, rewrap, and destroy the old keys after that.
    """
    from deploy.operate.key_files import add_key

    print(add_key(_file(), CONTACT_KEY_FILE.name))


@contact_keys.command
def rewrap() -> int:
    """Wrap all data keys by the newest key, and remove data keys that no contact uses any more.

    Gateways may go on meanwhile. The exit code is 2 when some data keys are wrapped by a key that is not in the file.
    """
    import asyncio

    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.rewrap import rewrap
    from deploy.target import read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with

    silence_client_logs()
    keys = CONTACT_KEY_FILE.value(str(_file()))
    found = asyncio.run(rewrap(read_kafka(os.environ), codec_with(read_registry(os.environ)), keys))
    print(
        f"{found.rewrapped} data keys are wrapped by {keys.newest_id} now, {found.kept} were already; "
        f"{found.removed} were unused and are removed; {found.lost} are wrapped by a key that is not in the file"
    )
    return 2 if found.lost else 0


@contact_keys.command
def destroy(*ids: str) -> None:
    """Destroy keys: contacts whose data keys they still wrap can never be read again. Rewrap first.

    Parameters
    ----------
    ids
        Ids as `footpath contact-keys list` prints them.
    """
    from deploy.operate.key_files import destroy_keys, key_ids

    if not ids:
        raise OperatorError("destroy needs the id of a key")
    destroy_keys(_file(), ids, CONTACT_KEY_FILE.name)
    print(f"destroyed; new data keys are wrapped by {key_ids(_file(), CONTACT_KEY_FILE.name)[-1]}")


def _file() -> Path:
    from deploy.target import read_contact_key_file

    return read_contact_key_file(os.environ)


COMMAND = Command(contact_keys, USE_IT)
