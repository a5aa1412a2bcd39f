"""Kafka's own ids of clusters and topics."""

from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.kafka.topic_ids import TopicId, fetch_topic_ids
from tests.support.servers import KafkaServer
from tests.support.stream_cluster import until


async def test_a_topic_that_is_made_again_is_another_topic(kafka: KafkaServer) -> None:
    topic = f"ids-{uuid4().hex}"
    admin, producer = (
        AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap),
        AIOKafkaProducer(bootstrap_servers=kafka.bootstrap),
    )
    await admin.start()
    await producer.start()

    async def made() -> bool:
        return (await admin.create_topics([NewTopic(topic, 1, 1)])).topic_errors[0][1] == 0

    async def known() -> bool:
        return topic in await fetch_topic_ids(producer.client, [topic])

    try:
        assert await fetch_topic_ids(producer.client, [topic]) == {}, "a topic that does not exist is left out"
        await until(made, topic)
        await until(known, topic)
        first = (await fetch_topic_ids(producer.client, [topic, "nobody-made-this"]))[topic]
        assert (await fetch_topic_ids(producer.client, [topic])) == {topic: first}
        assert TopicId.parse(str(first)) == first and first.cluster
        await admin.delete_topics([topic])
        await until(made, f"{topic} again")
        await until(known, f"{topic} again")
        second = (await fetch_topic_ids(producer.client, [topic]))[topic]
        assert second.cluster == first.cluster and second.topic != first.topic
    finally:
        await producer.stop()
        await admin.close()
