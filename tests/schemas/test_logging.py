"""Log lines: JSON in one line, times in UTC, ids, and never the text of a payload."""

import asyncio
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.process import logging as module
from schemas.process.errors import OperatorError
from schemas.process.logging import CAUSE_EVERY_S, JsonLines, OncePerCause

PAYLOAD = "anna@example.org"


def line(
    message: object, *args: object, name: str = "gateway.app", error: BaseException | None = None, **extra: object
) -> dict[str, Any]:
    """What a log call writes."""
    record = logging.LogRecord(name, logging.WARNING, "file.py", 1, message, args, None)
    record.created = 1_700_000_000.25
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    vars(record).update(extra)
    text = JsonLines("gateway").format(record)
    assert "\n" not in text and "\r" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def test_a_line_has_its_time_in_utc_level_process_and_logger() -> None:
    assert line("partition %d is open", 3, partition=3, rows=12) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "process": "gateway",
        "logger": "gateway.app",
        "message": "partition 3 is open",
        "partition": 3,
        "rows": 12,
    }


def test_line_ends_in_a_message_are_escaped() -> None:
    assert line("one\r\ntwo %s", "three\n")["message"] == "one\r\ntwo three\n"


def test_only_our_own_code_adds_fields() -> None:
    assert "color_message" not in line("started", name="uvicorn.error", color_message=PAYLOAD)


@pytest.mark.parametrize("error", [ValueError(PAYLOAD), KeyError(PAYLOAD), json.JSONDecodeError(PAYLOAD, PAYLOAD, 0)])
def test_the_message_of_an_exception_is_not_shown(error: Exception) -> None:
    for found in (
        line("failed", error=raised(error)),
        line("failed", error=raised(OperatorError("no"), error)),
        line("failed: %s", error),
        line("failed: %r", error),
        line("failed: %(why)r", {"why": error}),
        line(error),
    ):
        text = json.dumps(found)
        assert PAYLOAD not in text and type(error).__name__ in text


def test_an_exception_is_its_class_and_its_frames() -> None:
    found = line("failed", error=raised(OperatorError("no answer"), raised(ValueError(PAYLOAD))))
    assert (found["error"], found["error_message"]) == ("OperatorError", "no answer")
    assert "test_logging.py" in found["at"] and found["at"].endswith(" raised")
    group = line("failed", error=ExceptionGroup(PAYLOAD, [OperatorError("no answer"), ValueError(PAYLOAD)]))
    assert group["errors"] == [{"error": "OperatorError", "error_message": "no answer"}, {"error": "ValueError"}]
    assert PAYLOAD not in json.dumps(group)
    assert found["cause"]["error"] == "ValueError" and "error_message" not in found["cause"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OperatorError("FOOTPATH_KAFKA is not set"), "FOOTPATH_KAFKA is not set"),
        (FileNotFoundError(2, "No such file or directory", PAYLOAD), "FileNotFoundError: No such file or directory"),
        (KafkaConnectionError("no broker"), "KafkaConnectionError: no broker"),
        (OSError(PAYLOAD), "OSError"),
    ],
)
def test_operational_errors_are_shown(error: Exception, text: str) -> None:
    assert line("failed: %s", error)["message"] == f"failed: {text}"


def test_asyncio_adds_no_representation_of_a_task(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError(PAYLOAD)

    async def main() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

    asyncio.run(main())
    (record,) = caplog.records
    assert PAYLOAD in record.getMessage(), "this is what asyncio writes"
    assert PAYLOAD not in JsonLines("gateway").format(record)


@pytest.mark.parametrize("where", ["fail()", "import threading; threading.Thread(target=fail).start()"])
def test_an_exception_that_nobody_catches_is_a_line_too(where: str) -> None:
    program = f"""
from schemas.process.logging import set_up_logging

def fail():
    raise ValueError("{PAYLOAD}")

set_up_logging("sink")
{where}
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    found = json.loads(ended.stderr)
    assert (found["level"], found["process"], found["error"]) == ("critical", "sink", "ValueError")
    assert PAYLOAD not in ended.stderr and " fail" in found["at"]


class Log:
    """A process's log on a clock of its own; ``written`` are its lines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[dict[str, Any]] = []
        self._filter, self._now = OncePerCause(), 0.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self._now)

    def passes(self, seconds: float) -> None:
        self._now += seconds

    def write(self, name: str, message: str, *args: object, level: int = logging.WARNING, **extra: object) -> None:
        record = logging.LogRecord(name, level, "file.py", 1, message, args, None)
        vars(record).update(extra)
        if self._filter.filter(record):
            self.written.append(json.loads(JsonLines("worker").format(record)))


def test_while_kafka_is_away_its_client_writes_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    for second in range(3600):
        log.write("aiokafka.conn", "Connect attempt to <%s> returned error %s", second, "refused", level=logging.ERROR)
        log.write("aiokafka.consumer.fetcher", "Failed fetch messages from %s: %s", 1, second)
        log.write("gateway.publish.publisher", "events go to the spool: %s", "KafkaError")
        log.passes(1)
    assert len([one for one in log.written if one["logger"].startswith("aiokafka")]) == 3600 // CAUSE_EVERY_S
    assert len(log.written) == 2 * 3600 // CAUSE_EVERY_S
    left_out = sum(int(one.get("repeated", 0)) for one in log.written)
    assert left_out == 3 * (3600 - CAUSE_EVERY_S) - (len(log.written) - 2), "what was left out is counted"


def test_other_causes_places_and_errors_have_lines_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    for round_ in range(3):
        for partition in range(2):
            log.write("processors.shell.agent", "a partition lost its producer", partition=partition, offset=round_)
            log.write("sinks.serve", "%d records of %s", round_, f"topic {partition}")
        for error in (OSError(1, "no"), KafkaConnectionError("no")):
            log.write("sinks.serve", "Kafka cannot be reached: %s", error)
        log.write("sinks.serve", "no space", level=logging.ERROR)
        log.write("sinks.serve", "started", level=logging.INFO)
        log.write("sinks.serve", "uncaught exception", level=logging.CRITICAL)
    assert len(log.written) == 2 + 2 + 2 + 1 + 3 + 3


def test_the_number_of_causes_in_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    for number in range(3 * module.MOST_CAUSES):
        log.write("gateway.app", f"message {number}")
    assert len(log._filter._seen) <= module.MOST_CAUSES
