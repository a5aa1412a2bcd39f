"""A sink with two addresses of ClickHouse: one that goes away, before or amid its work, costs no row."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.sinks.test_serve import COUNT, encoded, eventually, publish, scans, sink
from tests.support.certificates import Authority
from tests.support.servers import KafkaServer
from tests.support.sink_store import Store
from tests.support.tls_front import TlsFront


def test_a_sink_turns_to_the_next_address(
    stream: KafkaServer, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, port = Authority(tmp_path / "tls"), urlsplit(store.part.url).port or 0
    monkeypatch.setenv("FOOTPATH_CLICKHOUSE_CA_FILE", str(authority.file))
    with TlsFront(port, authority.sign("one")) as one, TlsFront(port, authority.sign("two")) as two:
        addresses = f"https://127.0.0.1:1,{one.url},{two.url}"
        with sink(stream, store, tmp_path / "log", address=addresses):
            publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100))))
            eventually(lambda: store.one(COUNT) == 100, "the rows by the second address")
            one.__exit__()
            publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100, 300))))
            eventually(lambda: store.one(COUNT) == 300, "the rows by the third address")
