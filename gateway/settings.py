"""The gateway's settings, read once from environment variables; an error names the variable and what is
wrong.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar

from schemas.topics import PARTITIONS

T = TypeVar("T")
Network = IPv4Network | IPv6Network


class SettingsError(ValueError):
    """A setting that cannot be used; the message begins with the variable's name."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. ``reply_partition`` is the partition of scan-routed that this gateway reads
    alone.

    ``deadline_ms`` counts from a scan's arrival; ``publish_timeout_ms`` is how long Kafka may take before
    events go to the spool; ``waiting`` bounds the requests in progress, ``connections`` the open connections.
    """

    kafka: str
    identifier_key: bytes
    spool: Path
    host: str = "127.0.0.1"
    port: int = 8080
    schema_registry: str = ""
    partitions: int = PARTITIONS
    reply_partition: int = 0
    deadline_ms: int = 250
    publish_timeout_ms: int = 1500
    spool_mb: int = 256
    body_kb: int = 1024
    events_per_s: int = 50_000
    scans_per_s: int = 1000
    waiting: int = 1000
    connections: int = 4096
    public_url: str = ""
    tls: bool = False
    trusted_proxies: tuple[Network, ...] = ()


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment. :raises SettingsError: for the first variable that cannot be used."""

    def read(name: str, default: T, cast: Callable[[str], T]) -> T:
        text = environ.get(name, "").strip()
        if not text:
            return default
        try:
            return cast(text)
        except ValueError as error:
            raise SettingsError(f"{name}={text}: {error}") from None

    host = read("FOOTPATH_GATEWAY_HOST", Settings.host, str)
    port = read("FOOTPATH_GATEWAY_PORT", Settings.port, _number(0, 65535))
    partitions = read("FOOTPATH_PARTITIONS", Settings.partitions, _number(1, 10_000))
    return Settings(
        kafka=read("FOOTPATH_KAFKA", "127.0.0.1:9092", str),
        identifier_key=read_identifier_key(environ.get("FOOTPATH_IDENTIFIER_KEY_FILE", "")),
        spool=read("FOOTPATH_GATEWAY_SPOOL", read("FOOTPATH_DATA", Path(".footpath"), Path) / "gateway", Path),
        host=host,
        port=port,
        schema_registry=read("FOOTPATH_SCHEMA_REGISTRY", "", _url),
        partitions=partitions,
        reply_partition=read(
            "FOOTPATH_GATEWAY_REPLY_PARTITION",
            _own_partition(host, port, partitions),
            _number(0, partitions - 1),
        ),
        deadline_ms=read("FOOTPATH_GATEWAY_DEADLINE_MS", Settings.deadline_ms, _number(1, 60_000)),
        publish_timeout_ms=read("FOOTPATH_GATEWAY_PUBLISH_TIMEOUT_MS", Settings.publish_timeout_ms, _number(1, 60_000)),
        spool_mb=read("FOOTPATH_GATEWAY_SPOOL_MB", Settings.spool_mb, _number(1, 1_000_000)),
        body_kb=read("FOOTPATH_GATEWAY_BODY_KB", Settings.body_kb, _number(1, 64 * 1024)),
        events_per_s=read("FOOTPATH_GATEWAY_EVENTS_PER_S", Settings.events_per_s, _number(1, 10_000_000)),
        scans_per_s=read("FOOTPATH_GATEWAY_SCANS_PER_S", Settings.scans_per_s, _number(1, 10_000_000)),
        waiting=read("FOOTPATH_GATEWAY_WAITING", Settings.waiting, _number(1, 100_000)),
        connections=read("FOOTPATH_GATEWAY_CONNECTIONS", Settings.connections, _number(1, 100_000)),
        public_url=read("FOOTPATH_GATEWAY_PUBLIC_URL", "", _url),
        tls=read("FOOTPATH_GATEWAY_TLS", False, _flag),
        trusted_proxies=read("FOOTPATH_GATEWAY_TRUSTED_PROXIES", (), _networks),
    )


def _number(low: int, high: int) -> Callable[[str], int]:
    def cast(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return cast


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return text == "1"


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text.rstrip("/")


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(","))


def _own_partition(host: str, port: int, partitions: int) -> int:
    """The same for a gateway after every restart, and mostly another one for each gateway."""
    return int.from_bytes(hashlib.sha256(f"{host}:{port}".encode()).digest()[:8], "big") % partitions


def read_identifier_key(file: str) -> bytes:
    """The secret that identifiers are hashed with. :raises SettingsError: there is none in the file."""
    name = "FOOTPATH_IDENTIFIER_KEY_FILE"
    if not file:
        raise SettingsError(
            f"{name} is not set: it names the file with the secret (hex) that identifiers are hashed with"
        )
    try:
        key = bytes.fromhex(Path(file).read_text(encoding="ascii").strip())
    except OSError as error:
        raise SettingsError(f"{name}={file}: {error.strerror}") from None
    except ValueError:
        raise SettingsError(f"{name}={file}: the file must hold hex digits only") from None
    if len(key) < 16:
        raise SettingsError(f"{name}={file}: the key must have at least 16 bytes (32 hex digits)")
    return key
