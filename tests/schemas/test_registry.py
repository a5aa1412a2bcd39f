"""With a Schema Registry configured, values are in Confluent's wire format.

No Confluent-compatible registry can be had from the package registries without a JVM application server, so the three
documented calls are answered by a small HTTP server here: register, look up by id, and refusal.
"""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import avro.io
import avro.schema
import pytest

from schemas.codec.avro import Codec, Undecodable
from schemas.codec.schema_registry import Registry, RegistryError
from schemas.topics import STOCK_REPORTED, TOPICS, TOUCHPOINT_RECORDED
from tests.schemas.test_codec import stock


class SmallRegistry(ThreadingHTTPServer):
    """Subjects and ids as Confluent's API describes them; ``calls`` are the requests so far."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.schemas: dict[int, str] = {}
        self.subjects: dict[str, list[int]] = {}
        self.calls: list[str] = []
        self.refuses = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

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
    with SmallRegistry() as registry:
        thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield registry
        registry.shutdown()
        thread.join()


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
