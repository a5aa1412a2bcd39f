"""The ledger of replays has one writer; a page that takes longer than Kafka remembers that writer is recorded all the
same."""

from collections.abc import Iterator

import pytest

from deploy.operate.replay.ledger import TRANSACTIONAL_ID, ledger_entry, open_ledger, read_done
from schemas.codec.avro import Codec
from schemas.events import EventRejected, EventReplayed
from schemas.process.errors import OperatorError
from tests.support.forgetful_kafka import start_forgetful_kafka, wait_until_forgotten
from tests.support.servers import KafkaServer

CODEC = Codec()


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = start_forgetful_kafka(tmp_path_factory.mktemp("forgetful-kafka"))
    yield server
    server.stop()


def entry(reject_id: str) -> EventReplayed:
    reject = EventRejected(
        event_id=reject_id,
        occurred_at=1,
        stage="gateway",
        reason="invalid",
        detail="",
        field="",
        source_event_id="",
        raw=b"",
    )
    return ledger_entry(reject, f"event of {reject_id}", "accepted", 1)


async def test_a_page_that_takes_long_is_recorded_once(forgetful: KafkaServer) -> None:
    async with open_ledger(forgetful.bootstrap, CODEC) as ledger:
        await ledger.record([entry("first")])
        await wait_until_forgotten(forgetful.bootstrap, TRANSACTIONAL_ID, 1)
        await ledger.record([entry("second")])
        assert ledger.done == {"first", "second"}
    assert await read_done(forgetful.bootstrap, CODEC) == {"first", "second"}


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_replay_stops_when_another_one_has_started(forgetful: KafkaServer, forgotten: bool) -> None:
    mine, theirs = f"mine {forgotten}", f"theirs {forgotten}"
    async with open_ledger(forgetful.bootstrap, CODEC) as ledger:
        await ledger.record([entry(mine)])
        async with open_ledger(forgetful.bootstrap, CODEC) as other:
            await other.record([entry(theirs)])
        if forgotten:
            await wait_until_forgotten(forgetful.bootstrap, TRANSACTIONAL_ID, 1)
        with pytest.raises(OperatorError, match="another `footpath replay rejected` has started"):
            await ledger.record([entry(f"late {forgotten}")])
    done = await read_done(forgetful.bootstrap, CODEC)
    assert {mine, theirs} <= done and f"late {forgotten}" not in done
