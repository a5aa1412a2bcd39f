"""How to reach the Schema Registry: one block of settings for every process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from schemas.process.parsers import PEM_FILE, SECRET_FILE, TEXT
from schemas.process.settings import Setting, SettingError, read_secret, settings_of, use
from schemas.process.shared_settings import SCHEMA_REGISTRY

USER: Final = Setting(
    "FOOTPATH_SCHEMA_REGISTRY_USER", TEXT, "", "User of the Schema Registry. Not set: the one in its address, if any."
)
PASSWORD: Final = Setting(
    "FOOTPATH_SCHEMA_REGISTRY_PASSWORD", TEXT, "", "Password of that user. Not set: that in the file.", secret=True
)
PASSWORD_FILE: Final = Setting(
    "FOOTPATH_SCHEMA_REGISTRY_PASSWORD_FILE", SECRET_FILE, "", "File with the password of that user alone."
)
CA_FILE: Final = Setting(
    "FOOTPATH_SCHEMA_REGISTRY_CA_FILE",
    PEM_FILE,
    "",
    "File with the certificates (PEM) of the authorities that sign the registry's. Not set: those of the system.",
)


@dataclass(frozen=True, kw_only=True)
class RegistrySettings:
    """``given`` is the address as it was set, empty for no registry.

    :raises SettingError: settings that would have no effect.
    """

    given: str = use(SCHEMA_REGISTRY, unset="")
    given_user: str = use(USER, unset="")
    given_password: str = use(PASSWORD, unset="")
    password_file: Path | None = use(PASSWORD_FILE, unset=None)
    ca_file: Path | None = use(CA_FILE, unset=None)

    def __post_init__(self) -> None:
        if self.given_password and self.password_file:
            raise SettingError(f"{PASSWORD.name} and {PASSWORD_FILE.name} are both set: one of them is needed")
        if self.ca_file and not self.given.lower().startswith("https://"):
            raise SettingError(f"{CA_FILE.name} is set, and {SCHEMA_REGISTRY.name} is no https:// address")
        if self.user and not self.password:
            raise SettingError(f"{PASSWORD.name} is not set: {USER.name}={self.user} needs it, or {PASSWORD_FILE.name}")

    @property
    def address(self) -> str:
        """Without user and password, so that it can be shown."""
        parts = urlsplit(self.given)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def user(self) -> str:
        return self.given_user or unquote(urlsplit(self.given).username or "")

    @property
    def password(self) -> str:
        if self.password_file is not None:
            return read_secret(PASSWORD_FILE, self.password_file)
        return self.given_password or unquote(urlsplit(self.given).password or "")


SchemaRegistry = str | RegistrySettings
"""How to reach the registry; an address alone stands for one without the other settings, an empty one for none."""


def registry_settings(registry: SchemaRegistry) -> RegistrySettings:
    return RegistrySettings(given=registry) if isinstance(registry, str) else registry


REGISTRY_SETTINGS: Final[tuple[Setting[Any], ...]] = settings_of(RegistrySettings)
