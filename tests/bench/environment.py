"""What a bench may use: a folder, the number of rounds, and the real servers and processes that it starts."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.data import DataDirectory, make_secrets
from deploy.local.settings import DEMO_BRAND
from deploy.setup import brand, topics
from tests.bench.process import Process
from tests.support.full_stack import FullStack
from tests.support.servers import ClickHouseServer, KafkaServer, start_clickhouse, start_kafka


@dataclass(frozen=True)
class BenchEnvironment:
    """``rounds`` is how often each program is measured; ``quick`` selects small sizes, which only show that a bench
    works; ``progress`` receives a line of text on the current step."""

    folder: Path
    rounds: int
    quick: bool
    progress: Callable[[str], None]

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def new_folder(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    @contextmanager
    def kafka(self, with_brand: bool = True) -> Iterator[KafkaServer]:
        """A new broker with every topic and, if wanted, the demo brand."""
        server = start_kafka(self.new_folder("kafka"))
        try:
            topics.apply(server.bootstrap)
            if with_brand:
                brand.apply(server.bootstrap, (DEMO_BRAND, self.secrets().api_keys))
            yield server
        finally:
            server.kill()

    @contextmanager
    def clickhouse(self) -> Iterator[ClickHouseServer]:
        """A new ClickHouse without tables."""
        server = start_clickhouse(self.new_folder("clickhouse"))
        try:
            yield server
        finally:
            server.stop()

    @contextmanager
    def full_stack(self, **settings: str) -> Iterator[FullStack]:
        """The whole embedded stack, without shoppers and with rate limits that no bench reaches."""
        limits = {"FOOTPATH_GATEWAY_SCANS_PER_S": "1000000", "FOOTPATH_GATEWAY_EVENTS_PER_S": "1000000"}
        stack = FullStack(self.new_folder("stack") / "data", shoppers=0, workers=1, **(limits | settings))
        try:
            stack.start()
            yield stack
        finally:
            with suppress(AssertionError):  # a failed stop does not invalidate what was measured
                stack.stop()

    def secrets(self) -> DataDirectory:
        """A data directory with an API key and an identifier key, the same at each call."""
        data = DataDirectory(self.folder / "secrets-of-all")
        data.root.mkdir(exist_ok=True)
        make_secrets(data)
        return data

    @contextmanager
    def process(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
        """``python -m arguments…``, killed at the end of the block if it still runs."""
        started = Process(self.new_folder(name) / f"{name}.log", arguments, env or {})
        try:
            yield started
        finally:
            started.end()
