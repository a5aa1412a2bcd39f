"""The gateway knows who is erased before it takes events, with Kafka and without it."""

from itertools import count
from pathlib import Path

import pytest

from gateway.brand.live import BrandView, build_brand_view
from gateway.privacy.erasures import Erasures
from schemas.codec.avro import Codec
from schemas.events import PrivacyRequested, ProfileErased
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import (
    IDENTIFIER_KEY,
    GatewayClient,
    GatewayProcess,
    after,
    page_view,
    read_events,
    wait_until,
)
from tests.support.privacy_client import address, post, requested, whom
from tests.support.privacy_stream import erased, publish
from tests.support.servers import KafkaServer


def view(identifier: str) -> dict[str, object]:
    return page_view(identifiers=[{"type": "email", "value": identifier}])


async def seen_as(client: GatewayClient, bootstrap: str, value: str, **fields: object) -> str:
    """The identifier under which the gateway publishes an event with this address."""
    event = view(value) | {"properties": {"note": (note := address().partition("@")[0])}} | fields
    assert await client.results(event) == [("accepted", "")]
    [found] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: note in e.properties, 1)
    assert isinstance(found.primary_identifier, str)
    return found.primary_identifier


async def test_who_comes_back_after_an_erasure_is_somebody_else(
    client: GatewayClient, bootstrap: str, brand_view: BrandView, gateway: GatewayProcess, tmp_path: Path
) -> None:
    ann = address()
    first = brand_view.pseudonyms.identifier("email", ann)
    assert await seen_as(client, bootstrap, ann) == first
    request_id = (await (await post(client, "erase", whom(ann))).json())["request_id"]
    [record] = await requested(bootstrap, request_id)
    assert record.identifier == first
    await publish(bootstrap, [erased(record)])

    async def known() -> bool:
        return first in (gateway.spool / "erased").read_text() if (gateway.spool / "erased").exists() else False

    await wait_until(known)
    again = build_brand_view(brand_view.brand, IDENTIFIER_KEY, {first: record.occurred_at}).pseudonyms
    living = again.living(first)
    assert await seen_as(client, bootstrap, ann) == living != first
    by_hash = {"identifiers": [{"type": "email", "hash": first.partition(":")[2]}]}
    assert await seen_as(client, bootstrap, ann, **by_hash) == living, "a hash of before the erasure means her, too"
    assert await client.results(view(ann) | {"occurred_at": after("-1 days")}) == [("rejected", (
        "identifiers[0].value: is a placeholder, which is nobody's"
    ))], "what happened before counts for nobody"  # fmt: skip
    again_erased = (await (await post(client, "erase", whom(ann))).json())["request_id"]
    assert [one.identifier for one in await requested(bootstrap, again_erased)] == [living]

    # Another gateway has read it before it answers for the first time.
    other = GatewayProcess(bootstrap, tmp_path / "other")
    try:
        await other.start()
        assert first in (other.spool / "erased").read_text()
        async with GatewayClient(other) as of_other:
            await wait_until(of_other.drained)
            assert await seen_as(of_other, bootstrap, ann) == living
    finally:
        other.close()


async def test_a_device_that_was_erased_is_another_one(
    client: GatewayClient, bootstrap: str, brand_view: BrandView, gateway: GatewayProcess
) -> None:
    links = count()

    async def scanned() -> str:
        # Each by a link of its own, so that none is a double tap.
        event_id = (await client.scan(f"page-1?utm_source={next(links)}")).headers["Footpath-Event"]
        [found] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
        return str(found.primary_identifier)

    first = await scanned()
    assert await scanned() == first
    request = PrivacyRequested(
        event_id="x", request_id=first, action="erase", scope="device", identifier=first, source="page",
        occurred_at=1_000,
    )  # fmt: skip
    await publish(bootstrap, [erased(request)])

    async def known() -> bool:
        return first in (gateway.spool / "erased").read_text()

    await wait_until(known)
    second = await scanned()
    assert second != first and await scanned() == second


def profile_erased(identifier: str, at: int) -> ProfileErased:
    return ProfileErased(
        event_id="e", request_id="r", person_id="p", source_profile_id="s", identifier=identifier, occurred_at=at
    )


async def test_what_was_read_is_stored_for_a_start_without_kafka(tmp_path: Path) -> None:
    file = tmp_path / "erased"
    first = Erasures("127.0.0.1:1", Codec(), file)
    first.load()
    for number in range(3):
        first._apply(profile_erased(f"email:{number}", 10 + number))
    first._store()
    first._apply(profile_erased("email:0", 99))
    with file.open("a") as cut:
        cut.write("email:7 1")  # a crash in the middle of 1500
    second = Erasures("127.0.0.1:1", Codec(), file)
    second.load()
    second._apply(profile_erased("email:8", 5))
    second._store()
    third = Erasures("127.0.0.1:1", Codec(), file)
    third.load()
    assert {name: third.dead[name] for name in first.dead} == first.dead and third.dead.keys() == {
        *first.dead,
        "email:8",
    }


@pytest.mark.parametrize("text", ["\n\nno line\nemail:a x;\nemail:b 3;\nemail:c 1", "email:b 3;"])
def test_what_is_no_line_of_the_file_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "erased").write_text(text)
    erasures = Erasures("127.0.0.1:1", Codec(), tmp_path / "erased")
    erasures.load()
    assert erasures.dead == {"email:b": 3}


async def test_without_kafka_the_gateway_goes_by_what_it_has(
    bootstrap: str, brand_view: BrandView, tmp_path: Path, privacy_kafka: KafkaServer
) -> None:
    one = GatewayProcess(bootstrap, tmp_path / "one")
    try:
        await one.start("/health/ready")
        one.stop()
        ann = address()
        first = brand_view.pseudonyms.identifier("email", ann)
        with (one.spool / "erased").open("a") as file:
            file.write(f"\n{first} 1000;\n")
        one.environ["FOOTPATH_KAFKA"] = "127.0.0.1:1"
        await one.start("/health/ready")
        async with GatewayClient(one) as client:
            assert await client.results(view(ann)) == [("accepted", "")], "in the spool"
            assert (await post(client, "erase", whom(ann))).status == 503, "a request is no event: not in the spool"
        spooled = b"".join(
            path.read_bytes() for path in one.spool.glob("*") if path.is_file() and path.name != "erased"
        )
        living = build_brand_view(brand_view.brand, IDENTIFIER_KEY, {first: 1000}).pseudonyms.living(first)
        assert living.encode() in spooled and first.encode() not in spooled
    finally:
        one.close()
