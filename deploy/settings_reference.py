"""The settings reference: every declared setting with its meaning and its default, as an environment file."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from deploy.environment import API_KEY, API_KEY_FILE, GATEWAY, MIN_INSYNC, REPLICATION
from deploy.local.settings import Settings as UpSettings
from gateway.settings import Settings as GatewaySettings
from processors.shell.settings import WorkerSettings
from schemas.codec.registry_settings import REGISTRY_SETTINGS
from schemas.kafka.client_settings import KAFKA_SETTINGS
from schemas.process.settings import Setting, settings_of
from schemas.process.shared_settings import SHARED
from sinks.clickhouse.store_settings import STORE_SETTINGS
from sinks.settings import Settings as SinkSettings

WIDTH: Final = 116
HEAD: Final = """\
# Every setting with its default, as `footpath settings` prints them. Set what differs in the environment of a process;
# nothing reads this file. A variable that is missing or empty counts as not set.
"""
PROCESSES: Final[dict[str, type[Any]]] = {
    "gateway": GatewaySettings,
    "worker": WorkerSettings,
    "sink": SinkSettings,
    "footpath up": UpSettings,
}
"""The settings class of each process."""
COMMANDS: Final[tuple[Setting[Any], ...]] = (GATEWAY, API_KEY, API_KEY_FILE)
"""What commands read that send events."""
SET_UP: Final[tuple[Setting[Any], ...]] = (REPLICATION, MIN_INSYNC)


def sections() -> Iterator[tuple[str, tuple[Setting[Any], ...]]]:
    """Title and settings of each section; a setting that several processes read is in the first that it belongs to."""
    seen = {setting.name for setting in SHARED}
    yield "every process", SHARED
    for title, settings in (
        ("every client of Kafka", KAFKA_SETTINGS),
        ("every client of the Schema Registry", REGISTRY_SETTINGS),
        ("every client of ClickHouse", STORE_SETTINGS),
        *((process, settings_of(declared)) for process, declared in PROCESSES.items()),
    ):
        own = tuple(setting for setting in settings if setting.name not in seen)
        seen |= {setting.name for setting in own}
        yield title, own
    yield "commands that send events", COMMANDS
    yield "footpath topics apply", SET_UP


def reference() -> str:
    """The text of ``deploy/settings.env``: a comment for each setting, and its default commented out."""
    return HEAD + "".join(
        f"\n# -- {title} {'-' * (WIDTH - len(title) - 6)}\n" + "".join(map(_entry, settings))
        for title, settings in sections()
    )


def _entry(setting: Setting[Any]) -> str:
    lines = textwrap.wrap(setting.meaning, WIDTH - 2, break_on_hyphens=False)
    if setting.parser.allowed:
        lines.append(f"Allowed: {setting.parser.allowed}.")
    return "".join(f"# {line}\n" for line in lines) + f"#{setting.name}={setting.default}\n"
