"""How to reach ClickHouse: one block of settings for the sink and every command."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from schemas.process.parsers import PEM_FILE, SECRET_FILE, TEXT, Parser
from schemas.process.settings import Setting, SettingError, read_secret, settings_of, use
from schemas.process.shared_settings import CLICKHOUSE, LOCAL_CLICKHOUSE


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", value):
        raise ValueError
    return value


USER: Final = Setting(
    "FOOTPATH_CLICKHOUSE_USER", TEXT, "", "User of ClickHouse. Not set: the one in its address, if any."
)
PASSWORD: Final = Setting(
    "FOOTPATH_CLICKHOUSE_PASSWORD", TEXT, "", "Password of that user. Not set: that in the file.", secret=True
)
PASSWORD_FILE: Final = Setting(
    "FOOTPATH_CLICKHOUSE_PASSWORD_FILE", SECRET_FILE, "", "File with the password of that user alone."
)
CA_FILE: Final = Setting(
    "FOOTPATH_CLICKHOUSE_CA_FILE",
    PEM_FILE,
    "",
    "File with the certificates (PEM) of the authorities that sign ClickHouse's. Not set: those of the system.",
)
DATABASE: Final = Setting(
    "FOOTPATH_CLICKHOUSE_DATABASE",
    Parser("a name of letters, digits and underscores that begins with a letter", _name),
    "footpath",
    "Database of the tables and views; `footpath store migrate` creates it where it may. Views name it.",
)


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """``given`` is the address as it was set, or several. :raises SettingError: settings that would have no effect."""

    given: str = use(CLICKHOUSE, unset=LOCAL_CLICKHOUSE)
    user: str = use(USER, unset="")
    given_password: str = use(PASSWORD, unset="")
    password_file: Path | None = use(PASSWORD_FILE, unset=None)
    ca_file: Path | None = use(CA_FILE, unset=None)
    database: str = use(DATABASE)

    def __post_init__(self) -> None:
        if self.given_password and self.password_file:
            raise SettingError(f"{PASSWORD.name} and {PASSWORD_FILE.name} are both set: one of them is needed")
        has_tls = any(urlsplit(address).scheme.lower() == "https" for address in self.addresses)
        if self.ca_file and self.given and not has_tls:
            raise SettingError(f"{CA_FILE.name} is set, and {CLICKHOUSE.name} has no https:// address")

    @property
    def addresses(self) -> tuple[str, ...]:
        """In the order in which they are tried."""
        return tuple(self.given.split(","))

    @property
    def shown(self) -> str:
        """The addresses without users and passwords."""
        parts = [urlsplit(address) for address in self.addresses]
        return ",".join(part._replace(netloc=part.netloc.rpartition("@")[2]).geturl() for part in parts)

    @property
    def password(self) -> str:
        """Empty where the address has it, if any; the file is read anew."""
        return self.given_password if self.password_file is None else read_secret(PASSWORD_FILE, self.password_file)


Store = str | StoreSettings
"""How to reach ClickHouse; an address alone stands for one without the other settings."""


def store_settings(store: Store) -> StoreSettings:
    return StoreSettings(given=store) if isinstance(store, str) else store


STORE_SETTINGS: Final[tuple[Setting[Any], ...]] = settings_of(StoreSettings)
