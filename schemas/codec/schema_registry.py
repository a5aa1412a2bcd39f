"""A Confluent-compatible Schema Registry over HTTP: subjects ``<topic>-value``, one request for each schema."""

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from schemas.codec.avro import Codec, Schema, fingerprint
from schemas.process.errors import OperatorError
from schemas.topics import Topic

if TYPE_CHECKING:
    from schemas.protection.reject_keys import RejectKeys


class RegistryError(OperatorError):
    """The registry cannot be reached or refuses a schema; the message names FOOTPATH_SCHEMA_REGISTRY."""


class Registry:
    """:param url: address of the registry, e.g. ``http://registry:8081``. :param timeout_s: limit of one request."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._fingerprints: dict[int, bytes] = {}

    def frame(self, topic: Topic, schema: Schema) -> bytes:
        """Registers the schema (a no-op when it is known) and returns the five bytes before every value. Blocks."""
        answer = self._call(f"/subjects/{topic.name}-value/versions", {"schema": json.dumps(schema.document)})
        self._fingerprints[answer["id"]] = schema.fingerprint
        return b"\0" + int(answer["id"]).to_bytes(4, "big")

    def fingerprint_of(self, schema_id: int) -> bytes:
        known = self._fingerprints.get(schema_id)
        if known is None:
            try:
                known = fingerprint(json.loads(self._call(f"/schemas/ids/{schema_id}")["schema"]))
            except UnknownSchema:
                known = b""
            self._fingerprints[schema_id] = known
        return known

    def _call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/vnd.schemaregistry.v1+json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404 and body is None:
                raise UnknownSchema(path) from error
            why = error.read().decode(errors="replace")[:300]
            raise RegistryError(f"FOOTPATH_SCHEMA_REGISTRY={self._url} refused {path}: {why}") from error
        except OSError as error:
            raise RegistryError(f"FOOTPATH_SCHEMA_REGISTRY={self._url} cannot be reached: {error}") from error


class UnknownSchema(Exception):
    """The registry has no schema of that id."""


def codec_with(address: str | None, reject_keys: "RejectKeys | None" = None) -> Codec:
    """A codec that uses the registry at this address, or single-object encoding when there is no address.

    :param reject_keys: for a process that publishes rejects; without them rejects keep no bytes.
    """
    registry = Registry(address) if address else None
    if reject_keys is None:
        return Codec(registry)
    return Codec(registry, reject_keys.protect)
