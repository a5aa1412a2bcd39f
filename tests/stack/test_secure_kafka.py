"""The whole system on a Kafka as clusters have it: TLS, users with passwords or tokens, names with a prefix."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local import ports
from deploy.local.child_setup import build_die_with_parent
from deploy.local.settings import DEMO_BRAND
from deploy.operate.replay.topic_reader import batches, offset_ranges, open_consumer, partitions_of
from schemas.topics import SCAN_ROUTED
from tests.support.apicurio import apicurio
from tests.support.certificates import Authority
from tests.support.command_line import footpath
from tests.support.hangs import HANG_S
from tests.support.reject_keys import write_reject_keys
from tests.support.secure_kafka import PASSWORD, SecureKafka, start_secure_kafka, unsigned_token
from tests.support.servers import ClickHouseServer
from tests.support.sink_store import Store

PREFIX = "retail."


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    kafka = start_secure_kafka(tmp_path_factory.mktemp("secure"))
    yield kafka
    kafka.server.stop()


@contextmanager
def process(environment: Mapping[str, str], log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `footpath` that sees no other settings; its output is in ``log``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTPATH_")}
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli.main", *command],
            env=clean | dict(environment),
            stdout=out,
            stderr=out,
            preexec_fn=build_die_with_parent(),
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(HANG_S)
        finally:
            child.kill()


def eventually(reached: Callable[[], bool], what: str, logs: Path) -> None:
    end = time.monotonic() + HANG_S
    while not reached():
        assert time.monotonic() < end, f"not in {HANG_S} s: {what}\n" + "\n".join(
            f"== {log.name}\n{log.read_text()[-1500:]}" for log in logs.glob("*.log")
        )
        time.sleep(0.1)


def answer(url: str) -> tuple[int, Mapping[str, str]]:
    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=HANG_S) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers
    except OSError:
        return 0, {}


@pytest.fixture(scope="module")
def registry(secure: SecureKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with apicurio(tmp_path_factory.mktemp("registry"), secure.authority) as address:
        yield address


def test_everything_runs_over_sasl_ssl_and_under_its_prefix_with_a_registry(
    secure: SecureKafka, registry: str, clickhouse: ClickHouseServer, tmp_path: Path
) -> None:
    port = ports.free()
    (tmp_path / "identifier.key").write_text("11" * 32)
    environment = secure.environment() | {
        "FOOTPATH_KAFKA_PREFIX": PREFIX,
        "FOOTPATH_KAFKA_RACK": "rack-1",
        "FOOTPATH_KAFKA_CLIENT_ID": "retail",
        "FOOTPATH_SCHEMA_REGISTRY": registry,
        "FOOTPATH_SCHEMA_REGISTRY_CA_FILE": str(secure.authority.file),
        "FOOTPATH_CLICKHOUSE": clickhouse.url,
        "FOOTPATH_DATA": str(tmp_path / "data"),
        "FOOTPATH_IDENTIFIER_KEY_FILE": str(tmp_path / "identifier.key"),
        "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(tmp_path),
        "FOOTPATH_GATEWAY_PORT": str(port),
        "FOOTPATH_GATEWAY_DEADLINE_MS": "5000",
    }

    def command(*words: str, **more: str) -> str:
        done = footpath(*words, **(environment | more))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    created = command("topics", "apply", FOOTPATH_PARTITIONS="2").count("create ")
    assert command("topics", "apply").count("keep ") == created, "the replay twin"
    command("store", "migrate")
    assert command("brand", "apply", str(DEMO_BRAND)).startswith("apply")
    assert command("brand", "apply", str(DEMO_BRAND)).startswith("keep"), "the replay twin"
    with ExitStack() as stack:
        for name, *words in (
            ("interactive", "worker", "identity", "context"),
            ("background", "worker", "rewards", "matching", "intake"),
            ("sink", "sink"),
            ("gateway", "gateway"),
        ):
            stack.enter_context(process(environment, tmp_path / f"{name}.log", *words))
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: answer(f"{address}/health/stream")[0] == 200, "the gateway to be ready", tmp_path)
        status, headers = answer(f"{address}/s/mitte-door")
        assert status in (200, 302) and headers["Footpath-Outcome"] == "routed"
        store = Store(clickhouse)
        count = f"SELECT count() FROM scan_routed FINAL WHERE scan_event_id = '{headers['Footpath-Event']}'"
        eventually(lambda: bool(store.one(count)), "the decision to be stored", tmp_path)
    framed = asyncio.run(values_of(secure.server.bootstrap, f"{PREFIX}{SCAN_ROUTED.name}"))
    assert framed and all(value[0] == 0 for value in framed), "Confluent's wire format"
    names = asyncio.run(names_on(secure.server.bootstrap))
    assert {name for name in names if not name.startswith(("__", PREFIX))} == set()
    assert f"{PREFIX}footpath-sink" in names and f"{PREFIX}footpath-context" in names
    assert "equal" in command("replay", "state", "rewards")
    assert "equal" in command("replay", "topic", "scan-missed", "--check")
    for log in tmp_path.glob("*.log"):
        assert PASSWORD not in log.read_text(), log.name


async def values_of(bootstrap: str, topic: str) -> list[bytes]:
    """The values of a topic's records, as they are on Kafka."""
    async with open_consumer(bootstrap) as consumer:
        _, ends = await offset_ranges(consumer, await partitions_of(consumer, [topic]))
        return [record.value async for _, records in batches(consumer, ends) for record in records]


async def names_on(bootstrap: str) -> set[str]:
    """Names of all topics and consumer groups."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        groups = {name for name, *_ in await admin.list_consumer_groups()}
        return set(await admin.list_topics()) | groups
    finally:
        await admin.close()


@pytest.mark.usefixtures("long_form")
def test_footpath_up_starts_the_other_processes_on_such_a_kafka(
    secure: SecureKafka, clickhouse: ClickHouseServer, tmp_path: Path
) -> None:
    environment = secure.environment() | {
        "FOOTPATH_KAFKA_PREFIX": "up.",
        "FOOTPATH_CLICKHOUSE": clickhouse.url,
        "FOOTPATH_DATA": str(tmp_path / "data"),
        "FOOTPATH_GATEWAY_PORT": "0",
        "FOOTPATH_SHOPPERS": "0",
    }
    with process(environment, tmp_path / "up.log", "up") as up:
        eventually(lambda: (tmp_path / "data" / "run.json").exists() or up.poll() is not None, "the stack", tmp_path)
        assert up.poll() is None, (tmp_path / "up.log").read_text()
        run = json.loads((tmp_path / "data" / "run.json").read_text())
        assert run["kafka"] == secure.sasl
        assert "equal" in footpath("replay", "state", "rewards", **environment).stdout
        for file in (tmp_path / "data" / "logs").glob("*.log"):
            assert PASSWORD not in file.read_text(), file.name
        assert PASSWORD not in json.dumps(run)


def test_footpath_up_needs_an_address_where_there_is_security(tmp_path: Path) -> None:
    done = footpath("up", FOOTPATH_DATA=str(tmp_path), FOOTPATH_KAFKA_SECURITY="SSL")
    assert done.returncode == 1 and "FOOTPATH_KAFKA_SECURITY=SSL: the Kafka of `footpath up` has none" in done.stderr


def token_file(folder: Path) -> Path:
    file = folder / "token"
    file.write_text(unsigned_token() + "\n")
    return file


def ways(secure: SecureKafka, folder: Path) -> dict[str, dict[str, str]]:
    """The settings of each way to sign in."""
    with_token = {
        name: value
        for name, value in secure.environment("OAUTHBEARER").items()
        if name not in ("FOOTPATH_KAFKA_USER", "FOOTPATH_KAFKA_PASSWORD_FILE")
    }
    return {
        **{mechanism: secure.environment(mechanism) for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")},
        "token file": with_token | {"FOOTPATH_KAFKA_TOKEN_FILE": str(token_file(folder))},
        "token provider": with_token | {"FOOTPATH_KAFKA_TOKEN_PROVIDER": "tests.support.secure_kafka:unsigned_token"},
        "certificate": {
            "FOOTPATH_KAFKA": secure.mutual,
            "FOOTPATH_KAFKA_SECURITY": "SSL",
            "FOOTPATH_KAFKA_CA_FILE": str(secure.authority.file),
            "FOOTPATH_KAFKA_CERTIFICATE_FILE": str(secure.client.certificate),
            "FOOTPATH_KAFKA_KEY_FILE": str(secure.client.key),
        },
    }


@pytest.mark.usefixtures("long_form")
def test_every_way_to_sign_in_serves_commands_and_workers(secure: SecureKafka, tmp_path: Path) -> None:
    for number, (way, environment) in enumerate(ways(secure, tmp_path).items()):
        created = footpath("topics", "apply", **environment, FOOTPATH_PARTITIONS="1")
        assert created.returncode == 0, way + created.stderr
        applied = footpath("brand", "apply", str(DEMO_BRAND), **environment)
        assert applied.returncode == 0, way + applied.stderr
        log = tmp_path / f"{number}.log"
        with process(environment | {"FOOTPATH_DATA": str(tmp_path / f"{number}")}, log, "worker", "identity"):
            eventually(lambda log=log: '"partition open"' in log.read_text(), way, tmp_path)  # type: ignore[misc]


def refusals(secure: SecureKafka, folder: Path) -> dict[str, tuple[dict[str, str], str]]:
    """Settings that Kafka does not take, each with the message that it gets."""
    base = secure.environment()
    stranger = Authority(folder / "stranger", "stranger").file
    wrong = folder / "wrong"
    wrong.write_text("another password")
    return {
        "password": (base | {"FOOTPATH_KAFKA_PASSWORD_FILE": str(wrong)}, "refuses FOOTPATH_KAFKA_USER=footpath"),
        "user": (base | {"FOOTPATH_KAFKA_USER": "nobody"}, "refuses FOOTPATH_KAFKA_USER=nobody"),
        "authority": (base | {"FOOTPATH_KAFKA_CA_FILE": str(stranger)}, f"FOOTPATH_KAFKA_CA_FILE={stranger}: the cert"),
        "no authority": (
            {name: value for name, value in base.items() if name != "FOOTPATH_KAFKA_CA_FILE"},
            "FOOTPATH_KAFKA_CA_FILE=: the certificate of",
        ),
    }


@pytest.mark.parametrize("cause", ["password", "user", "authority", "no authority"])
def test_what_kafka_refuses_stops_a_command_with_the_setting(secure: SecureKafka, tmp_path: Path, cause: str) -> None:
    environment, message = refusals(secure, tmp_path)[cause]
    done = footpath("topics", "apply", "--dry-run", **environment)
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1 and PASSWORD not in done.stderr


def test_what_kafka_refuses_stops_every_process_with_the_setting(secure: SecureKafka, tmp_path: Path) -> None:
    (tmp_path / "identifier.key").write_text("11" * 32)
    for cause in ("password", "authority"):
        environment, message = refusals(secure, tmp_path)[cause]
        environment |= {
            "FOOTPATH_DATA": str(tmp_path / cause),
            "FOOTPATH_IDENTIFIER_KEY_FILE": str(tmp_path / "identifier.key"),
            "FOOTPATH_CLICKHOUSE": "http://127.0.0.1:1",
            "FOOTPATH_GATEWAY_PORT": str(ports.free()),
        }
        for words in (("gateway",), ("worker", "identity"), ("sink",)):
            log = tmp_path / f"{cause}-{words[0]}.log"
            with process(environment, log, *words) as child:
                assert child.wait(HANG_S) == 1, log.read_text()
            # Beside it others say what they cannot read, in any order.
            lines = log.read_text().splitlines()
            assert any(message in (json.loads(one)["message"] if one.startswith("{") else one) for one in lines)
