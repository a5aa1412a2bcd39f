"""What an operator does to a topic of a running Kafka: other settings, deletion, rights."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

from schemas.topics import Topic


async def alter(bootstrap: str, topic: Topic | str, settings: dict[str, str]) -> None:
    """Replaces the topic's own settings. :param topic: or its name."""
    name = topic if isinstance(topic, str) else topic.name
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for answer in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, settings)]):
            assert not any(code for code, *_ in answer.resources), answer
    finally:
        await admin.close()


async def delete(bootstrap: str, topic: Topic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        assert not any(code for _, code in (await admin.delete_topics([topic.name])).topic_error_codes)
    finally:
        await admin.close()


TOPIC, LITERAL, EVERYBODY, ANY_HOST, WRITE, DENY = 2, 3, "User:ANONYMOUS", "*", 4, 2
AUTHORIZER = {
    "authorizer_class_name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow_everyone_if_no_acl_found": "true",
}
"""Settings of a Kafka that knows rights; without one on a topic everybody may do everything."""


async def forbid_writes(bootstrap: str, topic: Topic, forbidden: bool) -> None:
    """Denies everybody to write to the topic, or lifts that."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        request = CreateAclsRequest if forbidden else DeleteAclsRequest
        await admin._send_to_controller(request(TOPIC, topic.name, LITERAL, EVERYBODY, ANY_HOST, WRITE, DENY))
    finally:
        await admin.close()
