"""A Confluent-compatible Schema Registry over HTTP: subjects ``<topic>-value``, asked once per schema."""

import json
import urllib.error
import urllib.request
from typing import Any

from schemas.codec import Codec, Schema, fingerprint
from schemas.topics import Topic


class RegistryError(Exception):
    """The registry cannot be reached or refuses a schema; the message names FOOTPATH_SCHEMA_REGISTRY."""


class Registry:
    """:param url: address of the registry, e.g. ``http://registry:8081``. :param timeout_s: limit of one request."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._fingerprints: dict[int, bytes] = {}

    def frame(self, topic: Topic, schema: Schema) -> bytes:
        """Registers the schema (a no-op when it is known) and gives the five bytes that head every value."""
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


def codec_with(address: str | None) -> Codec:
    """A codec of the registry at this address, or of none when there is no address."""
    return Codec(Registry(address) if address else None)
