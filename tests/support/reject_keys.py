"""The key of rejects that processes of tests share, and what it protects."""

from pathlib import Path

from schemas.protection import cipher

KEY_ID, KEY = "tests", bytes(range(32))


def write_reject_keys(folder: Path) -> str:
    """A file with the key, as FOOTPATH_REJECT_KEY_FILE names it."""
    file = folder / "reject.keys"
    if not file.exists():
        file.write_text(f"{KEY_ID} {KEY.hex()}\n")
    return str(file)


def protect(content: bytes) -> bytes:
    return cipher.protect(content, KEY_ID, KEY)


def reveal(protected: bytes) -> bytes:
    """:raises Damaged: the bytes are not protected, or by another key."""
    return cipher.reveal(protected, KEY)
