"""A new key for the hashes of identifiers."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.private_file import write_private
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import IDENTIFIER_KEY_FILE

KEY_BYTES = 32


def make_identifier_key(environ: Mapping[str, str]) -> Path:
    """Writes a random key into a file that only this user can read, and returns the file.

    :raises OperatorError: no file is named, there is one already, or it cannot be written.
    """
    name = IDENTIFIER_KEY_FILE.name
    given = environ.get(name, "").strip()
    if not given:
        raise OperatorError(f"{name} is not set: it names the file that the key is written to")
    file = Path(given).expanduser()
    if file.exists():
        raise OperatorError(f"{name}={file} exists: under another key every identifier would be unknown")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, secrets.token_hex(KEY_BYTES) + "\n")
    except OSError as error:
        raise OperatorError(f"{name}={file}: {error.strerror}") from None
    return file
