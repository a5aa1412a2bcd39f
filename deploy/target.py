"""The gateway, Kafka and ClickHouse of a command: from the environment, by default the stack in FOOTPATH_DATA."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.environment import API_KEY, API_KEY_FILE, GATEWAY, read, read_or_default
from deploy.local.data import DataDirectory
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.process.settings import read_settings
from schemas.process.shared_settings import (
    CLICKHOUSE,
    CONTACT_KEY_FILE,
    COUPON_KEY_FILE,
    DATA,
    IDENTIFIER_KEY_FILE,
    KAFKA,
    LOCAL_CLICKHOUSE,
    LOCAL_KAFKA,
    REJECT_KEY_FILE,
    TAG_KEY_FILE,
)

if TYPE_CHECKING:
    from schemas.codec.registry_settings import RegistrySettings
    from schemas.coupons.keys import CouponKeys
    from schemas.identifiers.keys import IdentifierKeys
    from schemas.protection.reject_keys import RejectKeys
    from schemas.trust.keys import TagKeys
    from sinks.clickhouse.store_settings import StoreSettings


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway's URL without a trailing slash, and an API key with a scope that may send events."""

    gateway: str
    api_key: str


def read_data(environ: Mapping[str, str]) -> Path:
    """The data directory of the stack: FOOTPATH_DATA, by default .footpath; absolute."""
    return read_or_default(DATA, environ).absolute()


def read_target(environ: Mapping[str, str], gateway: str | None = None) -> Target:
    """The gateway from ``gateway``, FOOTPATH_GATEWAY or DIR/run.json; the key from FOOTPATH_API_KEY,
    FOOTPATH_API_KEY_FILE or DIR/run.json, where DIR is FOOTPATH_DATA.

    :raises OperatorError: the gateway's address or the key is not set, or run.json cannot be read.
    """
    return Target(gateway.rstrip("/") if gateway else read_gateway(environ), _api_key(environ))


def read_gateway(environ: Mapping[str, str]) -> str:
    """The gateway's URL from FOOTPATH_GATEWAY or DIR/run.json. :raises OperatorError: neither has one."""
    url = read(GATEWAY, environ) or _running(environ).get("gateway")
    if not url:
        raise OperatorError(
            f"no stack runs in {read_data(environ)}: start one with `footpath up`, name its directory with "
            "FOOTPATH_DATA, or name a gateway with FOOTPATH_GATEWAY"
        )
    return str(url).rstrip("/")


def read_clickhouse(environ: Mapping[str, str]) -> "StoreSettings":
    """ClickHouse from FOOTPATH_CLICKHOUSE or DIR/run.json, else that of a stack with default ports, with the settings
    of every client. :raises SettingError: a setting cannot be used."""
    from deploy.local.clickhouse_config import OWNER
    from sinks.clickhouse.store_settings import PASSWORD_FILE, USER, StoreSettings

    if found := read(CLICKHOUSE, environ):
        return read_settings(StoreSettings, {**environ, CLICKHOUSE.name: found})
    found = str(_running(environ).get("clickhouse") or LOCAL_CLICKHOUSE)
    password = DataDirectory(read_data(environ)).clickhouse_password
    owner = {USER.name: OWNER, PASSWORD_FILE.name: str(password)} if password.exists() else {}
    return read_settings(StoreSettings, {**owner, **environ, CLICKHOUSE.name: found})


def knows_kafka(environ: Mapping[str, str]) -> bool:
    """Whether FOOTPATH_KAFKA or DIR/run.json names a Kafka."""
    return read(KAFKA, environ) is not None or bool(_running(environ).get("kafka"))


def read_kafka(environ: Mapping[str, str]) -> Kafka:
    """Kafka's brokers from FOOTPATH_KAFKA or DIR/run.json, else those of a stack with default ports, with the settings
    of every client. Blocks: where there is TLS or SASL, it asks a broker whether it takes them.

    :raises SettingError: a setting cannot be used, or the brokers refuse TLS or the login.
    """
    # Imported here: a command line that needs no Kafka starts without its library.
    from schemas.kafka.client_settings import ClientSettings
    from schemas.kafka.login import check_login

    found = read(KAFKA, environ) or str(_running(environ).get("kafka") or LOCAL_KAFKA)
    kafka = read_settings(ClientSettings, {**environ, KAFKA.name: found})
    asyncio.run(check_login(kafka))
    return kafka


def read_registry(environ: Mapping[str, str]) -> "RegistrySettings":
    """How to reach the Schema Registry; without an address there is none. :raises SettingError: as settings do."""
    from schemas.codec.registry_settings import RegistrySettings

    return read_settings(RegistrySettings, environ)


def read_identifier_key(environ: Mapping[str, str]) -> "IdentifierKeys":
    """The keys that identifiers are hashed with: FOOTPATH_IDENTIFIER_KEY_FILE, else that of the stack in FOOTPATH_DATA.

    :raises SettingError: there is none, or it cannot be used.
    """
    return IDENTIFIER_KEY_FILE.read(environ) or IDENTIFIER_KEY_FILE.value(
        str(DataDirectory(read_data(environ)).identifier_key)
    )


def read_reject_key_file(environ: Mapping[str, str]) -> Path:
    """The file of the keys of rejects: FOOTPATH_REJECT_KEY_FILE, else that of the stack in FOOTPATH_DATA."""
    given = environ.get(REJECT_KEY_FILE.name, "").strip()
    return Path(given).expanduser() if given else DataDirectory(read_data(environ)).reject_keys


def read_contact_key_file(environ: Mapping[str, str]) -> Path:
    """The file of the master keys of contacts: FOOTPATH_CONTACT_KEY_FILE, else that of the stack in FOOTPATH_DATA."""
    given = environ.get(CONTACT_KEY_FILE.name, "").strip()
    return Path(given).expanduser() if given else DataDirectory(read_data(environ)).contact_keys


def read_tag_key_file(environ: Mapping[str, str]) -> Path:
    """The file of the keys of tags: FOOTPATH_TAG_KEY_FILE, else that of the stack in FOOTPATH_DATA."""
    given = environ.get(TAG_KEY_FILE.name, "").strip()
    return Path(given).expanduser() if given else DataDirectory(read_data(environ)).tag_keys


def read_coupon_key_file(environ: Mapping[str, str]) -> Path:
    """The file of the keys of coupon codes: FOOTPATH_COUPON_KEY_FILE, else that of the stack in FOOTPATH_DATA."""
    given = environ.get(COUPON_KEY_FILE.name, "").strip()
    return Path(given).expanduser() if given else DataDirectory(read_data(environ)).coupon_keys


def coupon_keys_if_any(environ: Mapping[str, str]) -> "CouponKeys | None":
    """The keys in that file; None where there is none. :raises SettingError: it cannot be used."""
    file = read_coupon_key_file(environ)
    return COUPON_KEY_FILE.value(str(file)) if COUPON_KEY_FILE.name in environ or file.exists() else None


def read_tag_keys(environ: Mapping[str, str]) -> "TagKeys":
    """The keys in that file. :raises SettingError: it cannot be used."""
    return TAG_KEY_FILE.value(str(read_tag_key_file(environ)))


def tag_keys_if_any(environ: Mapping[str, str]) -> "TagKeys | None":
    """The same; None where no file is set, and none in FOOTPATH_DATA. :raises SettingError: it cannot be used."""
    return read_tag_keys(environ) if TAG_KEY_FILE.name in environ or read_tag_key_file(environ).exists() else None


def read_reject_keys(environ: Mapping[str, str]) -> "RejectKeys":
    """The keys in that file. :raises SettingError: it cannot be used."""
    return REJECT_KEY_FILE.value(str(read_reject_key_file(environ)))


def stack_keys(environ: Mapping[str, str], kafka: Kafka) -> tuple[Path, ...]:
    """The brand file of the demo sender's key if the stack in FOOTPATH_DATA uses this Kafka, else nothing.

    A brand that is applied to that stack without this file would lock out the stack's own shoppers and imports.
    """
    keys = DataDirectory(read_data(environ)).api_keys
    return (keys,) if _running(environ).get("kafka") == str(kafka) and keys.exists() else ()


def _running(environ: Mapping[str, str]) -> dict[str, Any]:
    data = read_data(environ)
    try:
        run: dict[str, Any] = json.loads((data / "run.json").read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OperatorError(f"FOOTPATH_DATA: {data / 'run.json'} cannot be read: {error}") from None
    return run


def _api_key(environ: Mapping[str, str]) -> str:
    if key := read(API_KEY, environ):
        return key
    if file := read(API_KEY_FILE, environ):
        try:
            return file.read_text().strip()
        except OSError as error:
            raise OperatorError(f"FOOTPATH_API_KEY_FILE={file}: {error.strerror}") from None
    if key := _running(environ).get("api_key"):
        return str(key)
    raise OperatorError("FOOTPATH_API_KEY is not set: it is the key that may send events (scope events:write)")
