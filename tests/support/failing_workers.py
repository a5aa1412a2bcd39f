"""Worker processes with a fault, as the programs that `StreamCluster.start` runs instead of the worker's own."""

from tests.support.stream_cluster import MAIN

DIES_IN_COMMIT = f"""
import os
from aiokafka import AIOKafkaProducer
async def die(*_, **__):
    os._exit(9)
AIOKafkaProducer.send_offsets_to_transaction = die
{MAIN}
"""
"""Killed when everything that its first transaction writes is in Kafka's logs, before it is committed."""
SLEEPS_IN_TRANSACTION = f"""
import asyncio
from aiokafka import AIOKafkaProducer
send, slept = AIOKafkaProducer.send_offsets_to_transaction, []
async def sleep_once(self, offsets, group):
    if not slept:
        slept.append(True)
        await asyncio.sleep(5)
    await send(self, offsets, group)
AIOKafkaProducer.send_offsets_to_transaction = sleep_once
{MAIN}
"""
"""Its first transaction is open for longer than FOOTPATH_WORKER_TRANSACTION_TIMEOUT_MS, which is to be set to less than
five seconds: Kafka aborts it and fences the producer."""
LOSES_BATCHES = f"""
from collections import Counter
from processors.shell.fetch.consumer import BatchScheduler
from processors.worker import log
iterate, seen = BatchScheduler.iterate, Counter()
def lose(self, fetched):
    for tp, batch in iterate(self, fetched):
        seen[tp] += 1
        if seen[tp] in (1, 3):
            log.warning("lost a batch of %s", tp.topic)
        else:
            yield tp, batch
BatchScheduler.iterate = lose
{MAIN}
"""
"""The first and the third batch of each topic partition are lost between the fetch and the partition."""
RAISES_ON_POISON = f"""
from dataclasses import replace
from processors.rewards import core
step = core.PROCESSOR.step
def step_or_raise(state, event, reference):
    if event.tag == "poison":
        raise ZeroDivisionError("data of the event")
    return step(state, event, reference)
core.PROCESSOR = replace(core.PROCESSOR, step=step_or_raise)
{MAIN}
"""
"""The core of rewards raises on every scan of the tag `poison`."""
NEXT_RELEASE = f"""
from dataclasses import replace
from processors.rewards import core
core.PROCESSOR = replace(core.PROCESSOR, migrations=(lambda state: state,))
{MAIN}
"""
"""A release that stores the state of rewards in its second version."""
