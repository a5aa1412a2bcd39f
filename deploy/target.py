"""Which gateway, Kafka and ClickHouse commands talk to: the environment says so, else the stack that runs here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import Refused
from deploy.local.data import Data


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway's address without a slash at the end, and a key that may send events to it."""

    gateway: str
    api_key: str


def read_data(environ: Mapping[str, str]) -> Path:
    """The stack's directory."""
    return Path(environ.get("FOOTPATH_DATA") or ".footpath").expanduser().absolute()


def read_target(environ: Mapping[str, str], gateway: str | None = None) -> Target:
    """The gateway from ``gateway``, FOOTPATH_GATEWAY or DIR/run.json; the key from FOOTPATH_API_KEY,
    FOOTPATH_API_KEY_FILE or DIR/run.json, where DIR is FOOTPATH_DATA.

    :raises Refused: nothing says where the gateway is or which key to use.
    """
    return Target(gateway.rstrip("/") if gateway else read_gateway(environ), _api_key(environ))


def read_gateway(environ: Mapping[str, str]) -> str:
    """The gateway's address from FOOTPATH_GATEWAY or DIR/run.json. :raises Refused: nothing says where it is."""
    url = environ.get("FOOTPATH_GATEWAY") or _running(environ).get("gateway")
    if not url:
        raise Refused(
            f"no stack runs in {read_data(environ)}: start one with `footpath up`, name its directory with "
            "FOOTPATH_DATA, or name a gateway with FOOTPATH_GATEWAY"
        )
    if not str(url).startswith(("http://", "https://")):
        raise Refused(f"FOOTPATH_GATEWAY={url} must start with http:// or https://")
    return str(url).rstrip("/")


def read_clickhouse(environ: Mapping[str, str]) -> str:
    """ClickHouse's address from FOOTPATH_CLICKHOUSE or DIR/run.json, else that of a stack with default ports."""
    return environ.get("FOOTPATH_CLICKHOUSE") or str(_running(environ).get("clickhouse") or "http://127.0.0.1:8123")


def read_kafka(environ: Mapping[str, str]) -> str:
    """Kafka's brokers from FOOTPATH_KAFKA or DIR/run.json, else those of a stack with default ports."""
    return environ.get("FOOTPATH_KAFKA") or str(_running(environ).get("kafka") or "127.0.0.1:9092")


def stack_keys(environ: Mapping[str, str], kafka: str) -> tuple[Path, ...]:
    """The demo sender's key as brand configuration when the stack that runs here has this Kafka, else nothing: what is
    applied to that stack without it locks its own shoppers and imports out."""
    keys = Data(read_data(environ)).api_keys
    return (keys,) if _running(environ).get("kafka") == kafka and keys.exists() else ()


def _running(environ: Mapping[str, str]) -> dict[str, Any]:
    data = read_data(environ)
    try:
        run: dict[str, Any] = json.loads((data / "run.json").read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Refused(f"FOOTPATH_DATA: {data / 'run.json'} cannot be read: {error}") from None
    return run


def _api_key(environ: Mapping[str, str]) -> str:
    if key := environ.get("FOOTPATH_API_KEY"):
        return key
    if file := environ.get("FOOTPATH_API_KEY_FILE"):
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise Refused(f"FOOTPATH_API_KEY_FILE={file}: {error.strerror}") from None
    if key := _running(environ).get("api_key"):
        return str(key)
    raise Refused("FOOTPATH_API_KEY is not set: it is the key that may send events (scope events:write)")
