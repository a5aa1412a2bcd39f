"""`footpath up`: starts the whole system on this machine in order, supervises it, stops it in order."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from deploy.local import clickhouse, data, kafka, ports, processes, setup_steps
from deploy.local.data import DataDirectory, DataError
from deploy.local.output import StackOutput
from deploy.local.processes import Addresses
from deploy.local.settings import Settings
from deploy.local.supervisor import Child, StartError, Supervisor
from deploy.setup import SetupError
from gateway.scan.link import link_of
from schemas.brand.model import Brand
from schemas.kafka.login import check_login
from schemas.process.settings import SettingError
from sinks.clickhouse.client_options import first_answering
from sinks.clickhouse.store_settings import StoreSettings

EXTERNAL_TIMEOUT_S = 10.0
RUN_FILE_RETRY_S = 1.0


class ExternalError(Exception):
    """An external Kafka or ClickHouse (FOOTPATH_KAFKA, FOOTPATH_CLICKHOUSE) does not answer."""


# Failures that a user can remedy; any other exception is a bug and shows its traceback.
EXPECTED_ERRORS = (
    DataError,
    ExternalError,
    StartError,
    clickhouse.MissingPackageError,
    kafka.PrepareError,
    ports.PortError,
    SetupError,
    SettingError,
)


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first child starts; `stores` are the embedded Kafka and ClickHouse."""

    data: DataDirectory
    addresses: Addresses
    stores: tuple[Child, ...]
    brand: Brand


def up(settings: Settings) -> int:
    """Runs the stack until SIGINT or SIGTERM. Returns the exit code: 0, or 1 after an error that it has printed."""
    began = time.perf_counter()
    os.umask(0o077)  # logs, states and secrets are this user's
    with StackOutput() as output:
        try:
            with data.locked(settings.data) as directory:
                with _interruptible():
                    plan = build_plan(settings, directory, output)
                asyncio.run(Stack(settings, plan, output, began).run())
        except EXPECTED_ERRORS as problem:
            output.fail(str(problem))
            return 1
        except ModuleNotFoundError as problem:
            output.fail(f"the Python package {problem.name} is missing: install Footpath with what it needs")
            return 1
        except KeyboardInterrupt:
            output.fail("stopped before anything ran")
            return 1
    return 0


def build_plan(settings: Settings, directory: DataDirectory, output: StackOutput) -> Plan:
    """Generates secrets, selects ports, checks the brand, prepares the stores; raises `EXPECTED_ERRORS`."""
    data.remove_run_file(directory)
    data.make_secrets(directory)
    gateway_port = ports.take(
        "FOOTPATH_GATEWAY_PORT", settings.gateway_port, settings.gateway_host, "FOOTPATH_GATEWAY_HOST"
    )
    broker = None
    if not settings.kafka.bootstrap:
        broker = kafka.Broker(directory.kafka, ports.take("FOOTPATH_KAFKA_PORT", settings.kafka_port), ports.free())
    clickhouse_port = 0
    if not settings.clickhouse.given:
        clickhouse_port = ports.take("FOOTPATH_CLICKHOUSE_PORT", settings.clickhouse_port)
    brand = setup_steps.check_brand(settings.brand, directory)
    stores: list[Child] = []
    if broker:
        install = kafka.prepare(settings.cache, output.step)
        kafka.prepare_directory(install, broker)
        stores.append(processes.build_kafka(install, broker, directory))
    if clickhouse_port:
        clickhouse.prepare()
        stores.append(processes.build_clickhouse(clickhouse_port, directory))
    return Plan(
        data=directory,
        addresses=Addresses(
            kafka=replace(settings.kafka, bootstrap=broker.bootstrap) if broker else settings.kafka,
            kafka_is_embedded=broker is not None,
            clickhouse=replace(settings.clickhouse, given=clickhouse.url(clickhouse_port))
            if clickhouse_port
            else settings.clickhouse,
            gateway=_url(settings.gateway_host, gateway_port),
            gateway_host=settings.gateway_host,
            gateway_port=gateway_port,
            metrics_ports=processes.metrics_ports(settings.workers),
        ),
        stores=tuple(stores),
        brand=brand,
    )


class Stack:
    """A running plan."""

    def __init__(self, settings: Settings, plan: Plan, output: StackOutput, began: float) -> None:
        self._settings = settings
        self._plan = plan
        self._output = output
        self._began = began
        self._is_ready = False
        self._run_file_retry: asyncio.TimerHandle | None = None
        self._supervisor = Supervisor(self._changed, output.report)

    async def run(self) -> None:
        """Starts everything, waits for SIGINT or SIGTERM, stops everything; raises one of `EXPECTED_ERRORS`."""
        stopped = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
        starting = asyncio.create_task(self._start())
        rotating = asyncio.create_task(self._supervisor.rotate_logs())
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
            await stopping
        finally:
            for task in (starting, stopping, rotating):
                task.cancel()
            await asyncio.gather(starting, stopping, rotating, return_exceptions=True)
            self._output.step("stopping")
            self._is_ready = False
            data.remove_run_file(self._plan.data)
            await self._supervisor.stop(*processes.stop_order(self._settings.workers))

    async def _start(self) -> None:
        settings, plan = self._settings, self._plan
        if plan.stores:
            self._output.step("starting " + " and ".join(child.name for child in plan.stores))
            await self._supervisor.start(*plan.stores)
        await self._check_external()
        self._output.step("setting up topics, tables and the brand")
        await asyncio.to_thread(
            setup_steps.apply, plan.addresses.kafka, plan.addresses.clickhouse, settings, plan.brand
        )
        self._output.step("starting the workers, the sink and the gateway")
        await self._supervisor.start(
            *processes.build_processes(plan.addresses, settings.brand, settings.workers, plan.data)
        )
        if settings.shoppers:
            await self._supervisor.start(
                processes.build_shoppers(plan.addresses, settings.brand, settings.shoppers, plan.data)
            )
        self._is_ready = True
        self._changed()
        self._output.ready(self._describe(), time.perf_counter() - self._began)

    async def _check_external(self) -> None:
        addresses, own = self._plan.addresses, {child.name for child in self._plan.stores}
        await check_login(addresses.kafka)
        if "kafka" not in own and not await _true_within(lambda: kafka.is_serving(addresses.kafka)):
            raise ExternalError(f"FOOTPATH_KAFKA={addresses.kafka} does not answer: start it, or unset FOOTPATH_KAFKA")
        store = addresses.clickhouse
        if "clickhouse" not in own and not await _true_within(lambda: asyncio.to_thread(_answers, store)):
            raise ExternalError(
                f"FOOTPATH_CLICKHOUSE={store.shown} does not answer: start it, or unset FOOTPATH_CLICKHOUSE"
            )

    def _changed(self) -> None:
        if self._run_file_retry is None:  # else the retry writes what is true then
            self._write_run_file()

    def _write_run_file(self, is_retry: bool = False) -> None:
        """Writes run.json; while the disk takes nothing, again each second."""
        self._run_file_retry = None
        if not self._is_ready:
            return
        try:
            data.write_run_file(self._plan.data, self._describe())
        except OSError as problem:
            if not is_retry:
                self._output.report(f"{self._plan.data.run_file} cannot be written: {problem.strerror}")
            loop = asyncio.get_running_loop()
            self._run_file_retry = loop.call_later(RUN_FILE_RETRY_S, self._write_run_file, True)

    def _describe(self) -> dict[str, Any]:
        addresses = self._plan.addresses
        return {
            "gateway": addresses.gateway,
            "kafka": str(addresses.kafka),
            "clickhouse": addresses.clickhouse.given,
            "api_key": data.read_api_key(self._plan.data),
            "metrics": addresses.metrics,
            "processes": processes.pids_by_processor(self._supervisor.pids, self._settings.workers),
            "demo": {"scan": link_of(addresses.gateway, next(iter(self._plan.brand.tags)))},
        }


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets SIGTERM interrupt the block like Ctrl-C; for the time before the event loop runs."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _answers(store: StoreSettings) -> bool:
    """Whether one of the addresses answers a query. Blocks. :raises ExternalError: it answers with a refusal."""
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    try:
        first_answering(store, clickhouse_connect.get_client).close()
    except ClickHouseError as problem:
        if (code := getattr(problem, "code", None)) is not None:
            raise ExternalError(f"FOOTPATH_CLICKHOUSE={store.shown} refuses: ClickHouse error {code}") from None
        return False
    except OSError:
        return False
    return True


async def _true_within(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Whether the condition becomes true within `EXTERNAL_TIMEOUT_S`; it is checked every 0.2 s."""
    deadline = time.monotonic() + EXTERNAL_TIMEOUT_S
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


def _url(host: str, port: int) -> str:
    """The gateway's URL on this machine; a gateway that listens on every address is reached at the loopback one."""
    reached = {"0.0.0.0": ports.LOCALHOST, "::": "::1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
