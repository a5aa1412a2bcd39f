"""Settings of commands, read from the environment when a command needs them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from deploy.local.settings import BRAND, DEMO_BRAND
from schemas.process.errors import OperatorError
from schemas.process.parsers import PATH, TEXT, URL, whole_number
from schemas.process.settings import Setting, SettingError

T = TypeVar("T")

GATEWAY = Setting(
    "FOOTPATH_GATEWAY", URL, "", "Address of the gateway that a command sends to. Not set: the stack in FOOTPATH_DATA."
)
API_KEY = Setting(
    "FOOTPATH_API_KEY",
    TEXT,
    "",
    "API key that a command sends with. Not set: FOOTPATH_API_KEY_FILE, then the stack in FOOTPATH_DATA.",
    secret=True,
)
REPLICATION = Setting(
    "FOOTPATH_KAFKA_REPLICATION",
    whole_number(1, 100, "replicas"),
    "1",
    "Replicas of each partition of the topics that `footpath topics apply` creates; its option --replication wins.",
)
MIN_INSYNC = Setting(
    "FOOTPATH_KAFKA_MIN_INSYNC",
    whole_number(1, 100, "replicas"),
    "",
    "Replicas that must have a write before it counts, of the topics that `footpath topics apply` creates. Not set: 2 "
    "of 3 or more replicas, else 1.",
)
API_KEY_FILE = Setting("FOOTPATH_API_KEY_FILE", PATH, "", "File with the API key that a command sends with.")


def read(setting: Setting[T], environ: Mapping[str, str]) -> T | None:
    """The value of a setting, None when it is not set. :raises OperatorError: its text is not allowed."""
    try:
        return setting.read(environ)
    except SettingError as error:
        raise OperatorError(str(error)) from None


def read_or_default(setting: Setting[T], environ: Mapping[str, str]) -> T:
    """The same, where the default stands for what is not set."""
    try:
        return setting.read_or_default(environ)
    except SettingError as error:
        raise OperatorError(str(error)) from None


def brand_dir(chosen: Path | None) -> Path:
    """Directory of the brand that a command is about."""
    return chosen or read(BRAND, os.environ) or DEMO_BRAND
