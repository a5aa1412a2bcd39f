"""`footpath up`: the whole system on this machine, started in order, supervised, stopped in order."""

import asyncio
import signal
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from deploy.local import children, clickhouse, data, kafka, ports, steps
from deploy.local.children import Addresses
from deploy.local.data import Data, DataError
from deploy.local.screen import Screen
from deploy.local.settings import Settings
from deploy.local.supervisor import Child, StartError, Supervisor
from deploy.setup import SetupError

EXTERNAL_TIMEOUT_S = 10.0


class ExternalError(Exception):
    """A Kafka or ClickHouse that we were pointed at does not answer."""


# What stands in a user's way and is theirs to mend; anything else is a bug and shows its traceback.
EXPECTED = (
    DataError,
    ExternalError,
    StartError,
    clickhouse.MissingPackageError,
    kafka.PrepareError,
    ports.PortError,
    SetupError,
)


@dataclass(frozen=True)
class Plan:
    """Everything decided before the first child starts; `stores` are the embedded Kafka and ClickHouse."""

    data: Data
    addresses: Addresses
    stores: tuple[Child, ...]
    demo_tag: str


def up(settings: Settings) -> int:
    """Runs the stack until SIGINT or SIGTERM; the exit code: 0, or 1 after an error that it has told."""
    began = time.perf_counter()
    with Screen() as screen:
        try:
            with data.locked(settings.data) as ours:
                with _interruptible():
                    plan = build_plan(settings, ours, screen)
                asyncio.run(Stack(settings, plan, screen, began).run())
        except EXPECTED as problem:
            screen.fail(str(problem))
            return 1
        except ModuleNotFoundError as problem:
            screen.fail(f"the Python package {problem.name} is missing: install Footpath with what it needs")
            return 1
        except KeyboardInterrupt:
            screen.fail("stopped before anything ran")
            return 1
    return 0


def build_plan(settings: Settings, ours: Data, screen: Screen) -> Plan:
    """Makes secrets, takes ports, checks the brand, prepares the stores; raises `EXPECTED`."""
    data.remove_run_file(ours)
    data.make_secrets(ours)
    gateway_port = ports.take("FOOTPATH_GATEWAY_PORT", settings.gateway_port, settings.gateway_host)
    place = None
    if not settings.kafka:
        place = kafka.Place(ours.kafka, ports.take("FOOTPATH_KAFKA_PORT", settings.kafka_port), ports.free())
    clickhouse_port = 0
    if not settings.clickhouse:
        clickhouse_port = ports.take("FOOTPATH_CLICKHOUSE_PORT", settings.clickhouse_port)
    demo_tag = steps.check_brand(settings.brand, ours)
    stores: list[Child] = []
    if place:
        install = kafka.prepare(settings.cache, screen.step)
        kafka.lay_out(install, place)
        stores.append(children.build_kafka(install, place, ours))
    if clickhouse_port:
        clickhouse.prepare()
        stores.append(children.build_clickhouse(clickhouse_port, ours))
    return Plan(
        data=ours,
        addresses=Addresses(
            kafka=place.bootstrap if place else str(settings.kafka),
            kafka_is_ours=place is not None,
            clickhouse=settings.clickhouse or clickhouse.url(clickhouse_port),
            gateway=_url(settings.gateway_host, gateway_port),
            gateway_host=settings.gateway_host,
            gateway_port=gateway_port,
        ),
        stores=tuple(stores),
        demo_tag=demo_tag,
    )


class Stack:
    """A plan while it runs."""

    def __init__(self, settings: Settings, plan: Plan, screen: Screen, began: float) -> None:
        self._settings = settings
        self._plan = plan
        self._screen = screen
        self._began = began
        self._is_ready = False
        self._supervisor = Supervisor(self._changed, screen.report)

    async def run(self) -> None:
        """Starts everything, waits for SIGINT or SIGTERM, stops everything; raises one of `EXPECTED`."""
        stopped = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
        starting = asyncio.create_task(self._start())
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
            await stopping
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            self._screen.step("stopping")
            self._is_ready = False
            data.remove_run_file(self._plan.data)
            await self._supervisor.stop(*children.stop_order(self._settings.workers))

    async def _start(self) -> None:
        settings, plan = self._settings, self._plan
        if plan.stores:
            self._screen.step("starting " + " and ".join(child.name for child in plan.stores))
            await self._supervisor.start(*plan.stores)
        await self._check_external()
        self._screen.step("setting up topics, tables and the brand")
        await asyncio.to_thread(steps.apply, plan.addresses.kafka, plan.addresses.clickhouse, settings, plan.data)
        self._screen.step("starting the workers, the sink and the gateway")
        await self._supervisor.start(
            *children.build_processes(plan.addresses, settings.brand, settings.workers, plan.data)
        )
        if settings.shoppers:
            await self._supervisor.start(
                children.build_shoppers(plan.addresses, settings.brand, settings.shoppers, plan.data)
            )
        self._is_ready = True
        self._changed()
        self._screen.ready(self._describe(), time.perf_counter() - self._began)

    async def _check_external(self) -> None:
        addresses, own = self._plan.addresses, {child.name for child in self._plan.stores}
        if "kafka" not in own and not await _within(lambda: kafka.answers(addresses.kafka)):
            raise ExternalError(f"FOOTPATH_KAFKA={addresses.kafka} does not answer: start it, or unset FOOTPATH_KAFKA")
        if "clickhouse" not in own and not await _within(lambda: clickhouse.answers(addresses.clickhouse)):
            raise ExternalError(
                f"FOOTPATH_CLICKHOUSE={clickhouse.without_user(addresses.clickhouse)} does not answer: "
                "start it, or unset FOOTPATH_CLICKHOUSE"
            )

    def _changed(self) -> None:
        if self._is_ready:
            data.write_run_file(self._plan.data, self._describe())

    def _describe(self) -> dict[str, Any]:
        addresses = self._plan.addresses
        return {
            "gateway": addresses.gateway,
            "kafka": addresses.kafka,
            "clickhouse": addresses.clickhouse,
            "api_key": data.read_api_key(self._plan.data),
            "processes": children.by_processor(self._supervisor.pids, self._settings.workers),
            "demo": {"scan": f"{addresses.gateway}/s/{urllib.parse.quote(self._plan.demo_tag)}"},
        }


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets SIGTERM end the block like Ctrl-C, while no event loop runs yet."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


async def _within(answers: Callable[[], Awaitable[bool]]) -> bool:
    """Whether the answer becomes yes in time."""
    deadline = time.monotonic() + EXTERNAL_TIMEOUT_S
    while not await answers():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


def _url(host: str, port: int) -> str:
    """Where this machine reaches the gateway: one that listens everywhere listens on 127.0.0.1 too."""
    return f"http://{ports.LOCALHOST if host in ('0.0.0.0', '::') else host}:{port}"
