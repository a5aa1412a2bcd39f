"""The Faust app of a processor: its settings, its source topics, its connection to group membership."""

from pathlib import Path
from typing import Any, Protocol

import faust
from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.transport import drivers
from faust.types import TP

from processors.shell.fetch.consumer import BatchApp, BatchScheduler, BatchSchema, BatchTransport
from processors.shell.fetch.gaps import FetchedBatch
from processors.shell.settings import WorkerSettings
from processors.step import Processor
from schemas.kafka.client_options import client_options, rack_of
from schemas.kafka.client_settings import Kafka, settings_for
from schemas.topics import with_prefix

SCHEME = "footpath"


class Assignee(Protocol):
    """What the app calls, always on its event loop."""

    async def deliver(self, topic: str, partition: int, batch: FetchedBatch, generation: int) -> None:
        """For each fetched batch, with the group generation that fetched it; may wait, which stops the fetch."""

    async def revoke(self) -> None:
        """The group takes all partitions back; a rebalance waits for this."""

    async def assign(self, given: set[TP]) -> None:
        """The group assigns these topic partitions; a rebalance waits for this."""

    def fail(self, error: BaseException) -> None:
        """The process has to end because of this."""

    def fetch_limits(self) -> tuple[int, int]:
        """Least bytes and longest wait in milliseconds of the next fetch; must not block."""


def group_of(processor: Processor[Any]) -> str:
    """The consumer group of a processor; after the process has set its prefix."""
    return with_prefix(f"footpath-{processor.name}")


def credentials(kafka: Kafka) -> Any:
    """What Faust takes in the place of aiokafka's arguments; None without TLS and SASL."""
    options = client_options(kafka)
    context = options.get("ssl_context")
    if (provider := options.get("sasl_oauth_token_provider")) is not None:
        return OAuthCredentials(oauth_cb=provider, ssl_context=context)
    if "sasl_mechanism" in options:
        return SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=context,
            mechanism=options["sasl_mechanism"],
        )
    return SSLCredentials(context) if context is not None else None


def build_app(settings: WorkerSettings, processor: Processor[Any], folder: Path, assignee: Assignee) -> BatchApp:
    """:param folder: of this worker; it exists."""
    drivers.TRANSPORTS.aliases[SCHEME] = f"{BatchTransport.__module__}:{BatchTransport.__qualname__}"
    app = BatchApp(
        group_of(processor),
        broker=";".join(f"{SCHEME}://{host}" for host in str(settings.kafka).split(",")),
        broker_client_id=settings_for(settings.kafka).client_id,
        broker_credentials=credentials(settings.kafka),
        datadir=str(folder / "faust"),
        topic_partitions=settings.partitions,
        ConsumerScheduler=BatchScheduler,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=settings.batch_rows,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.heartbeat_interval_ms / 1000,
        broker_rebalance_timeout=5.0,
    )
    app.fetch_limits = assignee.fetch_limits
    app.rack = rack_of(settings.kafka)
    app.fail = assignee.fail
    source = app.topic(
        *(topic.name for topic in processor.sources),
        schema=BatchSchema(),
        partitions=settings.partitions,
        maxsize=16,
    )
    _connect(app, source, processor.name, assignee)
    return app


def _connect(app: BatchApp, source: Any, name: str, assignee: Assignee) -> None:
    @app.agent(source, name=name)
    async def deliver(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            await assignee.deliver(message.topic, message.partition, event.value, message.generation_id)

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]
    async def revoked(sender: faust.App, gone: set[TP], **kwargs: Any) -> None:
        await assignee.revoke()

    @app.on_partitions_assigned.connect  # type: ignore[arg-type]
    async def assigned(sender: faust.App, given: set[TP], **kwargs: Any) -> None:
        await assignee.assign(given)
