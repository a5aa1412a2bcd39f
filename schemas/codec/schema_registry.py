"""A Confluent-compatible Schema Registry over HTTP: subjects ``<topic>-value``, one request for each schema."""

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from schemas.codec.avro import Codec, Schema, fingerprint
from schemas.codec.registry_settings import SchemaRegistry, registry_settings
from schemas.process.errors import OperatorError
from schemas.topics import Topic

if TYPE_CHECKING:
    from schemas.protection.reject_keys import RejectKeys


class RegistryError(OperatorError):
    """The registry cannot be reached or refuses a schema; the message names FOOTPATH_SCHEMA_REGISTRY."""


class Registry:
    """:param registry: address of the registry, e.g. ``http://registry:8081``, or its settings.
    :param timeout_s: limit of one request."""

    def __init__(self, registry: SchemaRegistry, timeout_s: float = 5.0) -> None:
        settings = registry_settings(registry)
        self._url = settings.address.rstrip("/")
        self._headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        if settings.user:
            login = f"{settings.user}:{settings.password}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        self._tls = ssl.create_default_context(cafile=settings.ca_file) if self._url.startswith("https") else None
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
            headers=self._headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s, context=self._tls) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404 and body is None:
                raise UnknownSchema(path) from error
            if error.code in (401, 403):
                raise RegistryError(
                    f"FOOTPATH_SCHEMA_REGISTRY={self._url} refuses FOOTPATH_SCHEMA_REGISTRY_USER or its password "
                    f"({error.code})"
                ) from error
            why = error.read().decode(errors="replace")[:300]
            raise RegistryError(f"FOOTPATH_SCHEMA_REGISTRY={self._url} refused {path}: {why}") from error
        except OSError as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise RegistryError(
                    f"FOOTPATH_SCHEMA_REGISTRY={self._url}: its certificate is not trusted ({reason.verify_message}): "
                    "see FOOTPATH_SCHEMA_REGISTRY_CA_FILE"
                ) from error
            raise RegistryError(f"FOOTPATH_SCHEMA_REGISTRY={self._url} cannot be reached: {reason}") from error
        except (ValueError, http.client.HTTPException) as error:
            raise RegistryError(f"FOOTPATH_SCHEMA_REGISTRY={self._url} is no Schema Registry: {error!r}") from error


class UnknownSchema(Exception):
    """The registry has no schema of that id."""


def codec_with(registry: SchemaRegistry | None, reject_keys: "RejectKeys | None" = None) -> Codec:
    """A codec that uses this registry, or single-object encoding when there is no address.

    :param reject_keys: for a process that publishes rejects; without them rejects keep no bytes.
    """
    used = Registry(registry) if registry and registry_settings(registry).given else None
    if reject_keys is None:
        return Codec(used)
    return Codec(used, reject_keys.protect)
