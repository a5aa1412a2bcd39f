"""What an operator sees of a whole system: logs that hold nothing of people and keys, metrics of every process."""

import asyncio
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from schemas.process.logging import OUR_PACKAGES
from schemas.topics import STOCK_REPORTED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.full_stack import FullStack, wait_until
from tests.support.metric_lint import problems

pytestmark = pytest.mark.timeout(600)
CANARY = f"canary{uuid4().hex[:12]}"
"""Stands in everything that a sender can write: no log may have it."""
PHONE = "+49 1521 7654" + str(uuid4().int)[:3]
MAIL = f"{CANARY}@example.org"
PROCESSES = ("gateway", "identity", "rewards", "sink")
KAFKA_AWAY_S = 12.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    stack = FullStack(tmp_path_factory.mktemp("logs") / "data")
    stack.start()
    yield stack
    stack.stop()


def test_every_process_says_what_it_is_and_how_far_it_is(stack: FullStack) -> None:
    stack.scan()
    served = stack.run["metrics"]
    assert served.keys() == {"gateway", "identity", "rewards", "sink"}
    for process in ("identity", "rewards"):
        for name in ("footpath_worker_lag_records", "footpath_worker_commit_age_seconds"):
            wait_until(lambda p=process, n=name: f'{n}{{processor="{p}"' in _metrics(stack, p) or None, stack.logs)  # type: ignore[misc]
    for process in served:
        text = _metrics(stack, process)
        assert problems(text) == [], process
        assert f'footpath_build_info{{process="{process}",version="' in text
    wait_until(lambda: _lag(stack) == {0.0} or None, stack.logs)


def _metrics(stack: FullStack, process: str) -> str:
    """Once the process serves them: no phone waits for some, which may still be starting."""

    def text() -> str | None:
        try:
            with urllib.request.urlopen(stack.run["metrics"][process], timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            return None

    return wait_until(text, stack.logs)


def _lag(stack: FullStack) -> set[float]:
    """The lag of identity, on a topic without transaction markers: when all is processed it is 0."""
    lines = _metrics(stack, "identity").splitlines()
    lags = [line for line in lines if line.startswith('footpath_worker_lag_records{processor="identity"')]
    return {float(line.rpartition(" ")[2]) for line in lags if TOUCHPOINT_RECORDED.name in line}


def test_no_log_has_anything_of_people_or_keys(stack: FullStack) -> None:
    _send_everything(stack)
    asyncio.run(_poison(stack.run["kafka"]))
    secrets = [stack.run["api_key"], (stack.data / "secrets" / "identifier.key").read_text().strip()]
    before = _lines(stack)
    os.kill(stack.run["processes"]["kafka"], signal.SIGSTOP)
    frozen = stack.run["processes"]["kafka"]
    try:
        began = time.monotonic()
        while time.monotonic() - began < KAFKA_AWAY_S:
            _send_everything(stack)
    finally:
        os.kill(frozen, signal.SIGCONT)
    wait_until(lambda: stack.scan() is not None or None, stack.logs)
    away_s = time.monotonic() - began
    for process in PROCESSES:
        new = _lines(stack)[process][len(before[process]) :]
        libraries = Counter(line["logger"].partition(".")[0] for line in new if line["level"] in ("warning", "error"))
        for name in ("aiokafka", "faust", "mode", "uvicorn"):
            assert libraries[name] <= 1 + away_s // 60, f"{process} wrote {libraries[name]} lines of {name}"
        own = Counter(
            (line["logger"], line["message"], line.get("partition"), line.get("processor"))
            for line in new
            if line["level"] in ("warning", "error") and line["logger"].partition(".")[0] in OUR_PACKAGES
        )
        assert all(count <= 1 + away_s // 60 for count in own.values()), own
    assert stack.stop() == 0
    for log in [*(stack.data / "logs").iterdir(), stack._log]:
        text = log.read_bytes()
        for word in (CANARY, PHONE, PHONE.replace(" ", ""), MAIL, *secrets):
            assert word.encode() not in text, f"{log.name} has {word}"
        if log.parent.name == "logs":
            assert log.stat().st_mode & 0o777 == 0o600, log.name
    for folder in (stack.data, *(stack.data / name for name in ("logs", "secrets", "workers", "spool", "kafka"))):
        assert folder.stat().st_mode & 0o777 == 0o700, folder


def _lines(stack: FullStack) -> dict[str, list[dict[str, Any]]]:
    """The lines of each process's log: one form, JSON."""
    return {
        name: [json.loads(line) for line in (stack.data / "logs" / f"{name}.log").read_text().splitlines()]
        for name in PROCESSES
    }


def _send_everything(stack: FullStack) -> None:
    """Requests with a canary wherever a sender may put one; whatever is answered."""
    gateway, key = stack.run["gateway"], stack.run["api_key"]
    person = [
        {"type": "email", "value": MAIL},
        {"type": "phone", "value": PHONE},
        {"type": "customer", "value": CANARY},
    ]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {"type": "page_view", "occurred_at": now, "identifiers": person, "properties": {"note": f"{CANARY} {MAIL}"}}
    bodies: list[Any] = [
        {"events": [event, event | {"event_id": f"{CANARY}-{uuid4().hex}"}, event | {"type": CANARY}]},
        {"events": [event | {CANARY: CANARY}, event | {"occurred_at": CANARY}, CANARY, 7, None]},
        {"events": [event | {"type": "sale", "properties": {"amount": CANARY}}]},
        {"events": [event | {"identifiers": [{"type": CANARY, "value": MAIL}]}]},
        [CANARY],
        f'{{"events": [{{"{CANARY}',
    ]
    for body in bodies:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        _request(f"{gateway}/v1/events", data, {"Authorization": f"Bearer {key}"})
    _request(f"{gateway}/v1/events", b"{}", {"Authorization": f"Bearer {CANARY}"})
    headers = {"Cookie": f"fp_device={CANARY}", "User-Agent": MAIL, "X-Forwarded-For": CANARY, "Referer": MAIL}
    scan = stack.run["demo"]["scan"]
    for path in (f"{scan}?utm_source={CANARY}&email={MAIL}", f"{gateway}/s/{CANARY}", f"{gateway}/{CANARY}?{MAIL}"):
        _request(path, None, headers)


def _request(url: str, data: bytes | None, headers: dict[str, str]) -> None:
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        opener.open(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        assert error.code < 500 or error.code == 503, error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


async def _poison(kafka: str) -> None:
    """Records on the topics themselves that no reader can use."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for topic in (TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED, STOCK_REPORTED):
            for value in (CANARY.encode(), b"\xc3\x01" + MAIL.encode() * 9, json.dumps({"email": MAIL}).encode()):
                await producer.send_and_wait(topic.name, value, key=CANARY.encode())
    finally:
        await producer.stop()
