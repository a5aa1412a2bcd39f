"""Contact values on a real Kafka: who brings them, that they are kept once, and that they are destroyed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.operate.key_files import add_key, key_ids
from deploy.operate.rewrap import Rewrapped, rewrap
from schemas.contacts.wrapping import MasterKeys, master_of
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.process.shared_settings import CONTACT_KEY_FILE
from schemas.topics import CONTACT_KEY_CREATED, CONTACT_RECORDED
from tests.support.contacts import CODEC, bring_again, erase, read_book, records, write_contact_keys
from tests.support.gateway_process import (
    IDENTIFIER_KEY,
    GatewayClient,
    GatewayProcess,
    page_view,
    wait_until,
)
from tests.support.servers import KafkaServer

PSEUDONYMS = Pseudonyms(IDENTIFIER_KEY, "DE")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return write_contact_keys(tmp_path)


@pytest.fixture
async def process(bootstrap: str, tmp_path: Path, keys: Path) -> AsyncIterator[GatewayProcess]:
    one = GatewayProcess(bootstrap, tmp_path / "gateway")
    one.environ[CONTACT_KEY_FILE.name] = str(keys)
    yield one
    one.close()


def email(name: str) -> str:
    return PSEUDONYMS.identifier("email", f"{name}@mail.example")


def with_contacts(*identifiers: tuple[str, str], **fields: Any) -> dict[str, Any]:
    named = [{"type": kind, "value": value} for kind, value in identifiers]
    return page_view(**{"identifiers": named, **fields})


async def drained(client: GatewayClient) -> None:
    await wait_until(client.drained)


async def of(bootstrap: str, *identifiers: str) -> list[tuple[str, bool]]:
    """The records about these identifiers on both topics, each with whether it is a tombstone."""
    found = [*await records(bootstrap, CONTACT_RECORDED), *await records(bootstrap, CONTACT_KEY_CREATED)]
    return [(key, value is None) for key, value in found if key.partition("/")[0] in identifiers]


async def test_what_a_till_brings_is_kept_once_and_opens_in_normal_form(
    process: GatewayProcess, bootstrap: str, keys: Path
) -> None:
    await process.start()
    anna, phone = email("anna"), PSEUDONYMS.identifier("phone", "030 9012345")
    event = with_contacts(("email", " Anna@MAIL.example "), ("phone", "030 9012345"), ("customer", "C-1"))
    async with GatewayClient(process) as client:
        await drained(client)
        for _ in range(2):  # the replay twin
            assert await client.results(event) == [("accepted", "")]
        assert await client.metric("footpath_gateway_contacts_total") == 2
        book = await read_book(bootstrap, MasterKeys(keys))
        assert (book.open(anna), book.open(phone)) == ("anna@mail.example", "+49309012345")
        assert len(await of(bootstrap, anna, phone)) == 4, "a key and a contact of each"
    process.stop()
    assert b"anna@mail" not in process.log.read_bytes().lower()


async def test_a_gateway_that_starts_again_knows_what_is_kept(
    process: GatewayProcess, bootstrap: str, keys: Path
) -> None:
    ben = email("ben")
    for known_before in (False, True):
        await process.start()
        async with GatewayClient(process) as client:
            await drained(client)

            async def knows() -> bool:
                kept = {key for key, value in await records(bootstrap, CONTACT_RECORDED) if value is not None}
                return await client.metric("footpath_gateway_contacts_known") >= len(kept)

            if known_before:
                await wait_until(knows)
            await client.results(with_contacts(("email", "ben@mail.example")))
        process.stop()
    assert len(await of(bootstrap, ben)) == 2
    assert (await read_book(bootstrap, MasterKeys(keys))).open(ben) == "ben@mail.example"


async def test_nobody_else_can_bring_one(process: GatewayProcess, bootstrap: str) -> None:
    """Claims of web pages and public keys, hashes, placeholders, and what is rejected."""
    await process.start()
    device = {"type": "device", "value": "A" * 22}
    claim = page_view(identifiers=[device, {"type": "email", "value": "cleo@mail.example"}])
    proof = PSEUDONYMS.proofs.proof("email", "cleo@mail.example", "A" * 22, 4_000_000_000)
    proven = page_view(identifiers=[device, {"type": "email", "value": "cleo@mail.example", "proof": proof}])
    hashed = page_view(identifiers=[{"type": "email", "hash": email("cleo").partition(":")[2]}])
    refused = with_contacts(("email", "cleo@mail.example"), type="sale", properties={"amount": "much"})
    async with GatewayClient(process) as client:
        await drained(client)
        await client.results(claim, proven, key="web-secret")
        await client.results(hashed, refused, with_contacts(("email", "test@test.com"), ("customer", "C-9")))
        assert await client.metric("footpath_gateway_contacts_total") == 0
    assert await of(bootstrap, email("cleo"), "email:blocked") == []


async def test_without_master_keys_none_is_kept(bootstrap: str, tmp_path: Path) -> None:
    process = await GatewayProcess(bootstrap, tmp_path).start()
    try:
        async with GatewayClient(process) as client:
            await drained(client)
            assert await client.results(with_contacts(("email", "dora@mail.example"))) == [("accepted", "")]
        assert await of(bootstrap, email("dora")) == []
    finally:
        process.close()


async def test_the_contacts_of_a_large_batch_follow_and_a_stop_waits_for_them(
    process: GatewayProcess, bootstrap: str, keys: Path
) -> None:
    await process.start()
    names = [f"batch{number}" for number in range(700)]
    async with GatewayClient(process) as client:
        await drained(client)
        results = await client.results(*(with_contacts(("email", f"{name}@mail.example")) for name in names))
        assert set(results) == {("accepted", "")}
    process.stop()
    book = await read_book(bootstrap, MasterKeys(keys))
    assert [book.open(email(name)) for name in names] == [f"{name}@mail.example" for name in names]


async def test_an_erasure_destroys_keys_and_contacts_at_once_and_after_a_crash(
    process: GatewayProcess, bootstrap: str, keys: Path
) -> None:
    emil, fay, gus = map(email, ("emil", "fay", "gus"))
    await process.start()
    async with GatewayClient(process) as client:
        await drained(client)
        await client.results(*(with_contacts(("email", f"{name}@mail.example")) for name in ("emil", "fay", "gus")))
        before = {key for key, _ in await of(bootstrap, emil, fay)}
        await erase(bootstrap, emil)

        async def is_destroyed() -> bool:
            return {key for key, gone in await of(bootstrap, emil) if gone} == {k for k in before if emil in k}

        await wait_until(is_destroyed)
    process.kill()
    await erase(bootstrap, fay)
    await process.start()

    async def all_destroyed() -> bool:
        return {key for key, gone in await of(bootstrap, emil, fay) if gone} == before

    await wait_until(all_destroyed)
    book = await read_book(bootstrap, MasterKeys(keys))
    assert [book.open(one) for one in (emil, fay, gus)] == [None, None, "gus@mail.example"]
    # A gateway whose spool holds a contact of somebody erased meanwhile brings a key that comes late.
    await bring_again(bootstrap, fay)

    async def late_one_is_destroyed() -> bool:
        found = await of(bootstrap, fay)
        last = dict(found)
        return len(found) > 4 and all(last.values())

    await wait_until(late_one_is_destroyed)
    # Who comes back has another identifier, whose contact is kept.
    async with GatewayClient(process) as client:
        known = dict(await records(bootstrap, CONTACT_RECORDED))
        await client.results(with_contacts(("email", "fay@mail.example")))
        assert len(dict(await records(bootstrap, CONTACT_RECORDED))) == len(known) + 1
    process.stop()


async def test_rewrapping_brings_all_keys_below_the_newest_master_key(
    own_kafka: KafkaServer, tmp_path: Path, keys: Path
) -> None:
    process = GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway")
    process.environ[CONTACT_KEY_FILE.name] = str(keys)
    await process.start()
    async with GatewayClient(process) as client:
        await drained(client)
        await client.results(*(with_contacts(("email", f"wrap{n}@mail.example")) for n in range(20)))
        [old] = key_ids(keys, CONTACT_KEY_FILE.name)
        new = add_key(keys, CONTACT_KEY_FILE.name)
        await client.results(with_contacts(("email", "wrap20@mail.example")))
    process.stop()
    masters = MasterKeys(keys)
    assert await rewrap(own_kafka.bootstrap, CODEC, masters) == Rewrapped(rewrapped=20, kept=1)
    assert await rewrap(own_kafka.bootstrap, CODEC, masters) == Rewrapped(kept=21), "the replay twin"
    last = {key: value for key, value in await records(own_kafka.bootstrap, CONTACT_KEY_CREATED)}
    events = [CODEC.of(CONTACT_KEY_CREATED).decode(value) for value in last.values() if value is not None]
    assert {master_of(event.wrapped) for event in events} == {new} != {old}
    book = await read_book(own_kafka.bootstrap, masters)
    assert book.open(email("wrap7")) == "wrap7@mail.example"
