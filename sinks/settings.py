"""The sink's settings, read once from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingError(Exception):
    """A setting that is missing or makes no sense; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to read and write, and when to flush: after so many rows or so many milliseconds, whichever comes first.

    ``session_timeout_ms``: a sink that is silent for so long loses its partitions. ``metrics_port`` 0 serves none;
    ``schema_registry`` None reads single-object encoding alone.
    """

    kafka: str
    clickhouse: str
    schema_registry: str | None
    flush_rows: int
    flush_after_ms: int
    session_timeout_ms: int
    metrics_port: int


def read(environ: Mapping[str, str]) -> Settings:
    """:raises SettingError: a number that is none, or out of its range."""
    return Settings(
        kafka=environ.get("FOOTPATH_KAFKA") or "127.0.0.1:9092",
        clickhouse=environ.get("FOOTPATH_CLICKHOUSE") or "http://127.0.0.1:8123",
        schema_registry=environ.get("FOOTPATH_SCHEMA_REGISTRY") or None,
        flush_rows=_whole(environ, "FOOTPATH_SINK_FLUSH_ROWS", 100_000, least=1),
        flush_after_ms=_whole(environ, "FOOTPATH_SINK_FLUSH_AFTER_MS", 1000, least=1),
        session_timeout_ms=_whole(environ, "FOOTPATH_SINK_SESSION_TIMEOUT_MS", 6000, least=1000),
        metrics_port=_whole(environ, "FOOTPATH_SINK_METRICS_PORT", 0, least=0),
    )


def _whole(environ: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise SettingError(f"{name}={text!r}: must be a whole number of at least {least}")
    return int(text)
