"""What has come to a topic since a moment: the proof that a refused request left nothing behind."""

from collections import Counter

from aiokafka import AIOKafkaConsumer

from schemas.codec import Codec
from schemas.kinds import PROBE
from schemas.topics import COST_REPORTED, STOCK_REPORTED, TOUCHPOINT_RECORDED
from tests.topics import Places, ends_of

EFFECTS = (TOUCHPOINT_RECORDED, STOCK_REPORTED, COST_REPORTED)


async def ends(bootstrap: str) -> Places:
    """Where the topics that events go to end now."""
    return await ends_of(bootstrap, [topic.name for topic in EFFECTS])


async def effects(bootstrap: str, since: Places) -> Counter[str]:
    """How often each event id has come since; the gateway's own questions to the stream left out."""
    codec = Codec()
    codecs = {topic.name: codec.of(topic) for topic in EFFECTS}
    until = await ends(bootstrap)
    if until == since:
        return Counter()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        consumer.assign(list(since))
        for place, offset in since.items():
            consumer.seek(place, offset)
        found: Counter[str] = Counter()
        while any([await consumer.position(place) < end for place, end in until.items()]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                events = [codecs[place.topic].decode(record.value) for record in records]
                found.update(event.event_id for event in events if getattr(event, "type", "") != PROBE)
        return found
    finally:
        await consumer.stop()
