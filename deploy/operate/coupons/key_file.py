"""The file of the keys of coupon codes: a new key, which counts for what is earned from now on."""

import secrets
import time
from pathlib import Path
from typing import Final

from deploy.private_file import write_private
from schemas.coupons.keys import CouponKey, CouponKeys, read_coupon_keys, written_coupon_keys
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import COUPON_KEY_FILE

KEY_BYTES: Final = 32
_ID_BYTES: Final = 3


def create_coupon_key(file: Path) -> str:
    """Creates a key; makes the file when there is none. Returns the key's id.

    :raises OperatorError: the file cannot be used.
    """
    known = _read(file).keys if file.exists() else ()
    while (id := secrets.token_hex(_ID_BYTES)) in {key.id for key in known}:
        pass
    since = int(time.time()) * 1_000_000 if known else 0
    new = CouponKey(id, secrets.token_bytes(KEY_BYTES), since)
    try:
        write_private(file, written_coupon_keys(CouponKeys((*known, new))))
    except OSError as error:
        raise OperatorError(f"{COUPON_KEY_FILE.name}={file}: {error.strerror}") from None
    return id


def _read(file: Path) -> CouponKeys:
    try:
        return read_coupon_keys(file.read_text(encoding="ascii"))
    except OSError as error:
        raise OperatorError(f"{COUPON_KEY_FILE.name}={file}: {error.strerror}") from None
    except ValueError:
        raise OperatorError(
            f"{COUPON_KEY_FILE.name}={file}: must have no line but `ID 64-HEX-DIGITS`, the same with "
            "from=YYYY-MM-DDTHH:MM:SSZ"
        ) from None
