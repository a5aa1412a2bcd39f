"""Settings of commands, read from the environment when a command needs them."""

import logging
import os
from pathlib import Path

from deploy.errors import Refused


def setting(name: str, default: str) -> str:
    """A setting, or its default when it is not set or empty."""
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int) -> int:
    """:raises Refused: it is no whole number above zero."""
    text = setting(name, str(default))
    if not text.isascii() or not text.isdigit() or not int(text):
        raise Refused(f"{name}={text} must be a whole number above zero")
    return int(text)


def brand_dir(chosen: Path | None) -> Path:
    """Directory of the brand that a command is about."""
    from deploy.local.settings import DEMO_BRAND

    return chosen or Path(setting("FOOTPATH_BRAND", str(DEMO_BRAND)))


def hush_libraries() -> None:
    """Clients warn of what we wait out or tell ourselves; without a handler those lines would go to the terminal."""
    logging.getLogger().addHandler(logging.NullHandler())
