"""The tail reader reads everything written after its start, once and in order, and nothing from before."""

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from gateway.reply.tail_reader import TailReader
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer


async def test_what_is_written_after_the_start_is_read_once_and_in_order(kafka: KafkaServer) -> None:
    topic = f"tail-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
    await producer.start()
    reader = TailReader(kafka.bootstrap, TopicPartition(topic, 1))
    try:
        async with asyncio.timeout(HANG_S):
            await producer.send_and_wait(topic, b"before", b"0", partition=1)
            await reader.start()
            await producer.send_and_wait(topic, b"elsewhere", b"0", partition=0)
            written = []
            read: list[tuple[bytes | None, bytes | None]] = []
            for number in range(3):  # several records in one batch
                some = [(b"%d-%d" % (number, n), b"v%d" % n) for n in range(10)]
                sent = [await producer.send(topic, value, key, partition=1) for key, value in some]
                await asyncio.wait(sent)
                written += some
                while len(read) < len(written):
                    read += await reader.read()
        assert read == written
    finally:
        await reader.close()
        await producer.stop()
