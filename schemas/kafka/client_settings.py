"""How to reach Kafka: one block of settings for every client of every process.

`schemas/kafka/client_options.py` makes of it what aiokafka and Faust take.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.process.parsers import PATH, PEM_FILE, SECRET_FILE, TEXT, Parser, choice
from schemas.process.settings import Setting, SettingError, read_secret, settings_of, use
from schemas.process.shared_settings import KAFKA, LOCAL_KAFKA

TLS: Final = ("SSL", "SASL_SSL")
SASL: Final = ("SASL_PLAINTEXT", "SASL_SSL")
OAUTHBEARER: Final = "OAUTHBEARER"
LONGEST_PREFIX: Final = 100


def _prefix(value: str) -> str:
    if not re.fullmatch(rf"[A-Za-z0-9._-]{{1,{LONGEST_PREFIX}}}", value):
        raise ValueError
    return value


def _function(value: str) -> str:
    if not re.fullmatch(r"[\w.]+:\w+", value):
        raise ValueError
    return value


SECURITY: Final = Setting(
    "FOOTPATH_KAFKA_SECURITY",
    choice("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "PLAINTEXT",
    "Kafka's security protocol: SSL is TLS, SASL a user with a password or a token.",
)
MECHANISM: Final = Setting(
    "FOOTPATH_KAFKA_SASL",
    choice("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", OAUTHBEARER),
    "SCRAM-SHA-512",
    "SASL mechanism, where FOOTPATH_KAFKA_SECURITY has SASL.",
)
USER: Final = Setting("FOOTPATH_KAFKA_USER", TEXT, "", "User of SASL PLAIN and SCRAM.")
PASSWORD: Final = Setting(
    "FOOTPATH_KAFKA_PASSWORD",
    TEXT,
    "",
    "Password of SASL PLAIN and SCRAM. Not set: that in FOOTPATH_KAFKA_PASSWORD_FILE.",
    secret=True,
)
PASSWORD_FILE: Final = Setting(
    "FOOTPATH_KAFKA_PASSWORD_FILE", SECRET_FILE, "", "File with the password of SASL PLAIN and SCRAM alone."
)
TOKEN_FILE: Final = Setting(
    "FOOTPATH_KAFKA_TOKEN_FILE",
    PATH,
    "",
    "File with the token of SASL OAUTHBEARER; it is read anew for each connection, so another process can renew it.",
)
TOKEN_PROVIDER: Final = Setting(
    "FOOTPATH_KAFKA_TOKEN_PROVIDER",
    Parser("module:function", _function),
    "",
    "Function of yours that returns the token of SASL OAUTHBEARER as text, instead of FOOTPATH_KAFKA_TOKEN_FILE; it is "
    "called for each connection, in a thread.",
)
CA_FILE: Final = Setting(
    "FOOTPATH_KAFKA_CA_FILE",
    PEM_FILE,
    "",
    "File with the certificates (PEM) of the authorities that sign the brokers'. Not set: those of the system.",
)
CERTIFICATE_FILE: Final = Setting(
    "FOOTPATH_KAFKA_CERTIFICATE_FILE",
    PATH,
    "",
    "File with this client's own certificate (PEM), where brokers ask for one.",
)
KEY_FILE: Final = Setting(
    "FOOTPATH_KAFKA_KEY_FILE",
    PATH,
    "",
    "File with the key (PEM, without a password) of FOOTPATH_KAFKA_CERTIFICATE_FILE. Not set: in that file, too.",
)
CLIENT_ID: Final = Setting(
    "FOOTPATH_KAFKA_CLIENT_ID", TEXT, "footpath", "Name of the clients in the brokers' logs and quotas."
)
RACK: Final = Setting(
    "FOOTPATH_KAFKA_RACK",
    TEXT,
    "",
    "Rack or zone of this process: consumers fetch from a replica there, where the brokers select replicas by rack.",
)
PREFIX: Final = Setting(
    "FOOTPATH_KAFKA_PREFIX",
    Parser(f"up to {LONGEST_PREFIX} letters, digits, dots, hyphens and underscores", _prefix),
    "",
    "What the names of all topics, consumer groups and transactional ids begin with, e.g. retail. (with the dot), the "
    "same for every process: several deployments can share a cluster.",
)


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """How to reach Kafka; its text is that of FOOTPATH_KAFKA. Secrets are not in its representation.

    :raises SettingError: settings that contradict each other, or a certificate that cannot be used.
    """

    bootstrap: str = use(KAFKA, unset=LOCAL_KAFKA)
    security: str = use(SECURITY)
    mechanism: str = use(MECHANISM)
    user: str = use(USER, unset="")
    given_password: str = use(PASSWORD, unset="")
    password_file: Path | None = use(PASSWORD_FILE, unset=None)
    token_file: Path | None = use(TOKEN_FILE, unset=None)
    token_provider: str = use(TOKEN_PROVIDER, unset="")
    ca_file: Path | None = use(CA_FILE, unset=None)
    certificate_file: Path | None = use(CERTIFICATE_FILE, unset=None)
    key_file: Path | None = use(KEY_FILE, unset=None)
    client_id: str = use(CLIENT_ID)
    rack: str = use(RACK, unset="")
    prefix: str = use(PREFIX, unset="")

    def __post_init__(self) -> None:
        self._check_sasl()
        self._check_tls()

    def __str__(self) -> str:
        return self.bootstrap

    @property
    def password(self) -> str:
        """Of SASL PLAIN and SCRAM; the file is read anew. :raises SettingError: it cannot be read any more."""
        return self.given_password if self.password_file is None else read_secret(PASSWORD_FILE, self.password_file)

    @property
    def has_tls(self) -> bool:
        return self.security in TLS

    @property
    def has_sasl(self) -> bool:
        return self.security in SASL

    def _check_sasl(self) -> None:
        is_token = self.mechanism == OAUTHBEARER
        by_password: dict[Setting[Any], object] = {
            USER: self.user,
            PASSWORD: self.given_password,
            PASSWORD_FILE: self.password_file,
        }
        by_token: dict[Setting[Any], object] = {TOKEN_FILE: self.token_file, TOKEN_PROVIDER: self.token_provider}
        used, unused = (by_token, by_password) if is_token else (by_password, by_token)
        if not self.has_sasl:
            _refuse_any(used | unused, f"{SECURITY.name}={self.security}")
            return
        by = f"{MECHANISM.name}={self.mechanism}"
        _refuse_any(unused, by)
        if not is_token and not self.user:
            raise SettingError(f"{USER.name} is not set: {by} needs it")
        secrets = {setting: value for setting, value in used.items() if setting is not USER}
        names = [setting.name for setting in secrets]
        if not any(secrets.values()):
            raise SettingError(f"{names[0]} is not set: {by} needs it, or {names[1]}")
        if all(secrets.values()):
            raise SettingError(f"{names[0]} and {names[1]} are both set: one of them is needed")

    def _check_tls(self) -> None:
        files: dict[Setting[Any], object] = {
            CA_FILE: self.ca_file,
            CERTIFICATE_FILE: self.certificate_file,
            KEY_FILE: self.key_file,
        }
        if not self.has_tls:
            _refuse_any(files, f"{SECURITY.name}={self.security}")
        if self.key_file is not None and self.certificate_file is None:
            raise SettingError(f"{CERTIFICATE_FILE.name} is not set: {KEY_FILE.name} needs it")
        if self.certificate_file is not None:
            _check_certificate(self.certificate_file, self.key_file)


def _refuse_any(values: Mapping[Setting[Any], object], by: str) -> None:
    """:raises SettingError: one of them is set, and would have no effect."""
    for setting, value in values.items():
        if value:
            raise SettingError(f"{setting.name} is set, and {by} does not use it")


def _check_certificate(certificate: Path, key: Path | None) -> None:
    # Imported here: most commands need no TLS.
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        why = "they do not belong together, or are no PEM without a password"
        if not isinstance(error, ssl.SSLError) and isinstance(error, OSError):
            why = str(error.strerror)
        raise SettingError(
            f"{CERTIFICATE_FILE.name}={certificate}, {KEY_FILE.name}={key or certificate}: {why}"
        ) from None


Kafka = str | ClientSettings
"""How to reach Kafka; an address alone stands for brokers without security."""


def settings_for(kafka: Kafka) -> ClientSettings:
    return ClientSettings(bootstrap=kafka) if isinstance(kafka, str) else kafka


KAFKA_SETTINGS: Final[tuple[Setting[Any], ...]] = settings_of(ClientSettings)
