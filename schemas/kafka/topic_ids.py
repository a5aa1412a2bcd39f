"""Which topics these are: Kafka gives every topic an id when it is made, and every cluster has one.

A position in a topic (a watermark, an offset, a store that was restored from a changelog) says nothing in another topic
of the same name: one that was deleted and made again, or that of another cluster. aiokafka 0.14 requests metadata up to
version 5, which has no topic ids, so version 12 of the request (KIP-516, Kafka 2.8) is declared here.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from schemas.process.errors import OperatorError

NO_ID = uuid.UUID(int=0)


class TopicId(NamedTuple):
    """The cluster and the topic's id in it. Of a cluster before Kafka 2.8 the id is zero: then the cluster counts
    alone."""

    cluster: str
    topic: str

    @classmethod
    def parse(cls, text: str) -> "TopicId":
        """From ``str()``."""
        cluster, _, topic = text.rpartition("/")
        return cls(cluster, topic)

    def __str__(self) -> str:
        return f"{self.cluster}/{self.topic}"


async def fetch_topic_ids(client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, TopicId]:
    """The ids of those topics that exist. :param client: of a started producer or consumer.

    :raises KafkaError: no broker answers.
    """
    response = await client.send(client.get_random_node(), _Metadata(sorted(topics)))
    cluster = response.cluster_id or ""
    return {
        name: TopicId(cluster, str(topic_id)) for error, name, topic_id, *_ in response.topics if not error and name
    }


class TopicReplaced(OperatorError):
    """A topic is not the one any more that a process began to read."""


def check_same_topics(then: Mapping[str, TopicId], now: Mapping[str, TopicId]) -> None:
    """:raises TopicReplaced: a topic is not the one that it was."""
    for name, topic_id in now.items():
        if name in then and then[name] != topic_id:
            raise TopicReplaced(f"{name} was deleted and made again: {then[name]} is {topic_id} now")


class _Uuid(AbstractType[uuid.UUID]):  # type: ignore[misc]
    @classmethod
    def encode(cls, value: uuid.UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: Any) -> uuid.UUID:
        return uuid.UUID(bytes=data.read(16))


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequest(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Metadata(Request[_MetadataRequest]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest]) -> _MetadataRequest:
        return request_struct_class([(NO_ID, name, {}) for name in self._topics], False, False, {})
