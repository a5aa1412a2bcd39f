"""`footpath reject-keys`: the keys that protect what is kept of rejected events."""

import os
from pathlib import Path

from cyclopts import App

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import REJECT_KEY_FILE

reject_keys = App(name="reject-keys", help="Keys that protect what is kept of rejected events: list, add, destroy.")


@reject_keys.command(name="list")
def list_() -> None:
    """Print the ids of the keys, the one that protects new rejects last.

    The file is FOOTPATH_REJECT_KEY_FILE, else that of the stack in FOOTPATH_DATA.
    """
    from deploy.operate.key_files import key_ids

    for id in key_ids(_file(), REJECT_KEY_FILE.name):
        print(id)


@reject_keys.command
def add() -> None:
    """Add a key, which protects new rejects from now on; running processes use it with their next reject.

    Add one by the month, say, and destroy the old ones by their date.
    """
    from deploy.operate.key_files import add_key

    print(add_key(_file(), REJECT_KEY_FILE.name))


@reject_keys.command
def destroy(*ids: str) -> None:
    """Destroy keys: what they protect can never be read or replayed again. Copies of the file must be destroyed, too.

    Parameters
    ----------
    ids
        Ids as `footpath reject-keys list` prints them.
    """
    from deploy.operate.key_files import destroy_keys, key_ids

    if not ids:
        raise OperatorError("destroy needs the id of a key")
    destroy_keys(_file(), ids, REJECT_KEY_FILE.name)
    print(f"destroyed; new rejects are protected by {key_ids(_file(), REJECT_KEY_FILE.name)[-1]}")


def _file() -> Path:
    from deploy.target import read_reject_key_file

    return read_reject_key_file(os.environ)


COMMAND = Command(reject_keys, USE_IT)
