"""The events written to the topics since a moment: they prove that a refused request had no effect."""

from collections import Counter

from aiokafka import AIOKafkaConsumer

from schemas.codec.avro import Codec
from schemas.ids import own_id_of
from schemas.kinds import PREVIEW, PROBE, SCAN_REFUSED
from schemas.topics import COST_REPORTED, STOCK_REPORTED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.topic_ends import Offsets, ends_of

NOBODYS = (PROBE, PREVIEW, SCAN_REFUSED)
EFFECTS = (TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED, STOCK_REPORTED, COST_REPORTED)


async def ends(bootstrap: str) -> Offsets:
    """The current end offsets of the topics that events are written to."""
    return await ends_of(bootstrap, [topic.name for topic in EFFECTS])


async def effects(bootstrap: str, since: Offsets) -> Counter[str]:
    """How often each event was written since then, by the sender's id; without the gateway's probes and without
    what is nobody's: looks at a link, and refused scans."""
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
                found.update(own_id_of(event.event_id) for event in events if getattr(event, "type", "") not in NOBODYS)
        return found
    finally:
        await consumer.stop()
