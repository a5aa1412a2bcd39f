"""With a Schema Registry configured, values are in Confluent's wire format.

What a registry refuses is answered by a small HTTP server here, which knows the three documented calls: register, look
up by id, and refusal. The last test asks a real one, Apicurio; `tests/stack/test_secure_kafka.py` runs all on it.
"""

import base64
import io
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import avro.io
import avro.schema
import pytest

from deploy.local import ports
from schemas.codec.avro import Codec, Undecodable
from schemas.codec.registry_settings import RegistrySettings
from schemas.codec.schema_registry import Registry, RegistryError, codec_with
from schemas.process.settings import SettingError, read_settings
from schemas.topics import STOCK_REPORTED, TOPICS, TOUCHPOINT_RECORDED
from tests.schemas.test_codec import stock
from tests.support.apicurio import apicurio
from tests.support.certificates import Authority
from tests.support.command_line import footpath

PASSWORD = "pa/ss:wo@rd"


class SmallRegistry(ThreadingHTTPServer):
    """Subjects and ids as Confluent's API describes them; ``calls`` are the requests so far."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.schemas: dict[int, str] = {}
        self.subjects: dict[str, list[int]] = {}
        self.calls: list[str] = []
        self.refuses = False
        self.login = ""
        """What a request must sign in with, ``user:password``; empty for nothing."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def has_let_in(self, authorization: str) -> bool:
        return not self.login or authorization == f"Basic {base64.b64encode(self.login.encode()).decode()}"

    def register(self, subject: str, schema: str) -> int:
        known = {text: number for number, text in self.schemas.items()}
        number = known.get(schema, len(self.schemas) + 1)
        self.schemas[number] = schema
        self.subjects.setdefault(subject, []).append(number)
        return number


class Answer(BaseHTTPRequestHandler):
    server: SmallRegistry

    def do_POST(self) -> None:
        self.server.calls.append(f"POST {self.path}")
        if not self.server.has_let_in(self.headers.get("Authorization", "")):
            return self._say(401, {"error_code": 40101, "message": "Unauthorized"})
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refuses:
            return self._say(409, {"error_code": 409, "message": "Schema being registered is incompatible"})
        subject = self.path.split("/")[2]
        return self._say(200, {"id": self.server.register(subject, sent["schema"])})

    def do_GET(self) -> None:
        self.server.calls.append(f"GET {self.path}")
        schema = self.server.schemas.get(int(self.path.rpartition("/")[2]))
        if schema is None:
            return self._say(404, {"error_code": 40403, "message": "Schema not found"})
        return self._say(200, {"schema": schema})

    def _say(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[SmallRegistry]:
    with SmallRegistry() as registry, serving(registry):
        yield registry


@contextmanager
def serving(registry: SmallRegistry) -> Iterator[None]:
    thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        registry.shutdown()
        thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


@pytest.fixture
def tls_server(authority: Authority) -> Iterator[SmallRegistry]:
    """A registry that speaks TLS and wants a user."""
    own, context = authority.sign("registry"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    with SmallRegistry() as registry:
        registry.login = f"ann:{PASSWORD}"
        registry.socket = context.wrap_socket(registry.socket, server_side=True)
        with serving(registry):
            yield registry


def test_values_are_in_the_confluent_wire_format(server: SmallRegistry) -> None:
    value = Codec(Registry(server.url)).of(STOCK_REPORTED).encode(stock())
    assert value[0] == 0
    schema = avro.schema.parse(server.schemas[int.from_bytes(value[1:5], "big")])
    record: Any = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(io.BytesIO(value[5:])))
    assert (record["event_id"], record["quantity"]) == ("e1", 7)


def test_every_topic_has_its_subject(server: SmallRegistry) -> None:
    Codec(Registry(server.url))
    assert set(server.subjects) == {f"{topic.name}-value" for topic in TOPICS}


def test_a_reader_takes_both_framings(server: SmallRegistry) -> None:
    reader = Codec(Registry(server.url)).of(STOCK_REPORTED)
    writers = (Codec(Registry(server.url)), Codec())
    assert [reader.decode(writer.of(STOCK_REPORTED).encode(stock())) for writer in writers] == [stock(), stock()]


def test_an_id_that_somebody_else_registered_is_asked_for_once(server: SmallRegistry) -> None:
    for taken in range(50):  # so that the ids are not those that this process would have been given
        server.register("other", json.dumps({"type": "fixed", "name": "Other", "size": taken + 1}))
    value = Codec(Registry(server.url)).of(STOCK_REPORTED).encode(stock())
    fresh = Codec(Registry(server.url)).of(STOCK_REPORTED)
    server.calls.clear()
    assert fresh.decode(value) == fresh.decode(value) == stock()
    assert len(server.calls) <= 1


def test_a_schema_of_another_topic_or_of_nobody_is_unknown(server: SmallRegistry) -> None:
    codec = Codec(Registry(server.url))
    touchpoint = codec.of(TOUCHPOINT_RECORDED)._frame
    for value in (touchpoint, b"\0" + (999).to_bytes(4, "big")):
        for _ in range(2):
            with pytest.raises(Undecodable) as refused:
                codec.of(STOCK_REPORTED).decode(value + b"\0")
            assert refused.value.reason == "unknown_schema"
    assert server.calls.count("GET /schemas/ids/999") == 1


def test_a_registry_that_refuses_or_is_away_is_named(server: SmallRegistry) -> None:
    server.refuses = True
    with pytest.raises(RegistryError, match=r"FOOTPATH_SCHEMA_REGISTRY=.*refused .*incompatible"):
        Codec(Registry(server.url))
    with pytest.raises(RegistryError, match=r"FOOTPATH_SCHEMA_REGISTRY=http://127.0.0.1:1 cannot be reached"):
        Codec(Registry("http://127.0.0.1:1"))


def settings(server: SmallRegistry, **changes: str) -> RegistrySettings:
    address = server.url.replace("http://", "https://")
    names = {"": address} | changes
    return read_settings(
        RegistrySettings, {f"FOOTPATH_SCHEMA_REGISTRY{name and '_' + name}": value for name, value in names.items()}
    )


def test_a_registry_may_have_tls_and_a_user(tls_server: SmallRegistry, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    in_address = tls_server.url.replace("http://", f"https://ann:{quote(PASSWORD, safe='')}@")
    for changes in (
        {"USER": "ann", "PASSWORD": PASSWORD},
        {"USER": "ann", "PASSWORD_FILE": str(tmp_path / "password")},
        {"": in_address},
    ):
        found = settings(tls_server, CA_FILE=str(authority.file), **changes)
        assert codec_with(found).of(STOCK_REPORTED).encode(stock())[0] == 0
        assert PASSWORD not in found.address and "ann" not in found.address


def test_what_a_registry_refuses_is_named_without_the_password(
    tls_server: SmallRegistry, authority: Authority, tmp_path: Path
) -> None:
    own, stranger = str(authority.file), str(Authority(tmp_path / "stranger").file)
    user = "refuses FOOTPATH_SCHEMA_REGISTRY_USER or its password"
    for changes, message in (
        ({"CA_FILE": own, "USER": "ann", "PASSWORD": "another"}, user),
        ({"CA_FILE": own}, user),
        ({"CA_FILE": stranger}, "see FOOTPATH_SCHEMA_REGISTRY_CA_FILE"),
        ({}, "see FOOTPATH_SCHEMA_REGISTRY_CA_FILE"),
        ({"": "https://ann:another@127.0.0.1:1"}, "FOOTPATH_SCHEMA_REGISTRY=https://127.0.0.1:1 cannot be reached"),
        ({"": tls_server.url}, f"FOOTPATH_SCHEMA_REGISTRY={tls_server.url} "),
    ):
        with pytest.raises(RegistryError) as refused:
            codec_with(settings(tls_server, **changes))
        assert message in str(refused.value) and "another" not in str(refused.value), changes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"": "registry:8081"}, "FOOTPATH_SCHEMA_REGISTRY=…: must be an address that starts with http"),
        ({"": "http://ann:pa/ss@registry:8081"}, "FOOTPATH_SCHEMA_REGISTRY=…: must be"),
        ({"": "http://"}, "FOOTPATH_SCHEMA_REGISTRY=…: must be"),
        ({"": "https://registry", "CA_FILE": "/nowhere"}, "FOOTPATH_SCHEMA_REGISTRY_CA_FILE=/nowhere: No such file"),
        ({"": "https://registry", "USER": "ann"}, "FOOTPATH_SCHEMA_REGISTRY_PASSWORD is not set"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_settings(
            RegistrySettings, {f"FOOTPATH_SCHEMA_REGISTRY{name and '_' + name}": text for name, text in values.items()}
        )
    assert message in str(refused.value) and "ann:" not in str(refused.value)


def test_a_registry_that_is_away_stops_every_process_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("11" * 32)
    for command in (("gateway",), ("worker", "identity"), ("sink",), ("identity", "recheck")):
        done = footpath(
            *command,
            FOOTPATH_KAFKA="127.0.0.1:1",
            FOOTPATH_DATA=str(tmp_path),
            FOOTPATH_IDENTIFIER_KEY_FILE=str(tmp_path / "key"),
            FOOTPATH_SCHEMA_REGISTRY="http://ann:secret@127.0.0.1:1",
            FOOTPATH_GATEWAY_PORT=str(ports.free()),
        )
        last = (done.stdout + done.stderr).splitlines()[-1]
        assert done.returncode == 1 and "FOOTPATH_SCHEMA_REGISTRY=http://127.0.0.1:1 cannot be reached" in last, command
        assert "secret" not in done.stdout + done.stderr


def test_a_real_registry_gives_every_schema_an_id_that_any_reader_can_ask_for(
    authority: Authority, tmp_path: Path
) -> None:
    with apicurio(tmp_path, authority) as address:
        found = RegistrySettings(given=address, ca_file=authority.file)
        codec, again = codec_with(found), codec_with(found)
        for topic in TOPICS:
            frame = codec.of(topic)._frame
            assert frame[0] == 0 and frame == again.of(topic)._frame, "the replay twin"
            fingerprint = Registry(found).fingerprint_of(int.from_bytes(frame[1:], "big"))
            assert fingerprint == codec.of(topic).schema.fingerprint
        value = codec.of(STOCK_REPORTED).encode(stock())
        assert again.of(STOCK_REPORTED).decode(value) == stock()
        with pytest.raises(Undecodable):
            again.of(STOCK_REPORTED).decode(b"\0" + (9999).to_bytes(4, "big") + value[5:])
