"""The file of the keys of rejects, which gateways, workers, sinks and `footpath replay rejected` share.

A line has the id of a key and its 32 bytes as hex digits. The last line is the key that protects new rejects.
"""

import re
from typing import Final

KEY_BYTES: Final = 32
LINE: Final = re.compile(r"([A-Za-z0-9._-]{1,64}) +([0-9a-f]{64})")


def read_keys(text: str) -> dict[str, bytes]:
    """Key by id, in the order of the lines; blank lines and comments (#) are ignored.

    :raises ValueError: a line has another form, or an id stands twice.
    """
    keys: dict[str, bytes] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        if found is None or found[1] in keys:
            raise ValueError
        keys[found[1]] = bytes.fromhex(found[2])
    return keys
