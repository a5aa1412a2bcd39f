"""Commands that turn raw values into identifiers find the living one of somebody who was erased."""

import asyncio
from pathlib import Path

import pytest

from deploy.operate.identity.dead import dead_identifiers
from deploy.operate.identity.identifier_input import IdentifierInput, csv_of_pseudonyms, stored_identifier
from deploy.setup import topics
from schemas.events import ProfileErased
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.process.errors import OperatorError
from tests.support.privacy_stream import publish
from tests.support.randomness import unique_word
from tests.support.servers import KafkaServer

KEY = bytes(32)


@pytest.fixture
def environ(kafka: KafkaServer, tmp_path: Path) -> dict[str, str]:
    topics.apply(kafka.bootstrap)
    (tmp_path / "key").write_text(KEY.hex())
    return {
        "FOOTPATH_KAFKA": kafka.bootstrap, "FOOTPATH_IDENTIFIER_KEY_FILE": str(tmp_path / "key"),
        "FOOTPATH_DATA": str(tmp_path),
    }  # fmt: skip


def test_the_living_identifier_is_found(environ: dict[str, str]) -> None:
    word = unique_word()
    first = stored_identifier(IdentifierInput("customer", word), environ, "DE")
    assert first == Pseudonyms(KEY).identifier("customer", word)
    erased = ProfileErased(
        event_id=word, request_id=word, person_id=word, source_profile_id=word, identifier=first, occurred_at=1_000
    )
    asyncio.run(publish(environ["FOOTPATH_KAFKA"], [erased]))
    living = Pseudonyms(KEY, dead={first: 1_000}).living(first)
    for _ in range(2):
        assert stored_identifier(IdentifierInput("customer", word), environ, "DE") == living != first
    assert list(csv_of_pseudonyms("customer", [word], environ, "DE"))[1] == f"{word},{living.partition(':')[2]}"
    by_hash = IdentifierInput("customer", f"hash:{first.partition(':')[2]}")
    assert stored_identifier(by_hash, environ, "DE") == first, "a hash is what lists print"


def test_a_store_by_itself_has_no_kafka_to_ask(environ: dict[str, str]) -> None:
    del environ["FOOTPATH_KAFKA"]
    assert dead_identifiers(environ) == {}
    with pytest.raises(OperatorError, match="does not answer"):
        dead_identifiers(environ | {"FOOTPATH_KAFKA": "127.0.0.1:1"})
