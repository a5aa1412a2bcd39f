"""The log of a process: JSON lines on standard error, times in UTC, ids and counts, never data of an event.

A line has ``time``, ``level``, ``process``, ``logger`` and ``message``; ids that our own code passes by ``extra``; and
for an exception ``error`` (its class), ``error_message``, ``at`` (its frames, innermost first), ``cause`` (the same of
the exception that led to it) and ``errors`` (the same of each in a group).

The message of an exception may quote a payload: decoders, JSON parsers and the standard library quote what they could
not use. So it is shown for ``OperatorError`` and for errors of the operating system and of the Kafka client, which know
files, addresses, topics and offsets, and no values. Of every other exception the log shows the class and the place,
also where the exception is an argument of a log call.

A warning or an error is written once a minute for each cause: while Kafka is away its client alone would write hundreds
of megabytes a day. The next line of that cause has ``repeated``, the number of those that were left out.
"""

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from schemas.process.errors import OperatorError

FRAMES: Final = 8
"""Frames of a traceback that a line shows."""
OPERATIONAL_LIBRARIES: Final = frozenset({"aiokafka"})
"""Libraries whose errors hold no payload."""
OUR_PACKAGES: Final = frozenset({"schemas", "gateway", "processors", "sinks", "deploy"})
ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What every log record has; all else came by ``extra``."""


CAUSE_EVERY_S: Final = 60.0
"""Time between two lines of one cause."""
MOST_CAUSES: Final = 1000
"""Causes that are remembered; then all are forgotten, and each may be written again."""
PLACES: Final = ("processor", "topic", "table", "partition", "part")
"""Fields of our own lines that make their causes different."""


class OncePerCause(logging.Filter):
    """Lets a warning or an error of each cause through once in :data:`CAUSE_EVERY_S`. The cause of a library's line is
    the library, of our own the message without its numbers, the error and the place. Called from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not logging.WARNING <= record.levelno < logging.CRITICAL:
            return True
        cause, now = cause_of(record), time.monotonic()
        with self._lock:
            written_s, left_out = self._seen.get(cause, (float("-inf"), 0))
            if now - written_s < CAUSE_EVERY_S:
                self._seen[cause] = (written_s, left_out + 1)
                return False
            if len(self._seen) >= MOST_CAUSES:
                self._seen.clear()
            self._seen[cause] = (now, 0)
        if left_out:
            record.repeated = left_out
        return True


def cause_of(record: logging.LogRecord) -> tuple[object, ...]:
    """What lines have in common that say the same."""
    library = record.name.partition(".")[0]
    if library not in OUR_PACKAGES:
        return (library,)
    arguments = record.args if isinstance(record.args, tuple) else ()
    words = [one for one in arguments if isinstance(one, str)]
    errors = [type(one).__name__ for one in (record.msg, *arguments) if isinstance(one, BaseException)]
    if record.exc_info and record.exc_info[0]:
        errors.append(record.exc_info[0].__name__)
    message = record.msg if isinstance(record.msg, str) else ""
    return (record.name, message, *words, *errors, *(str(getattr(record, place, "")) for place in PLACES))


class JsonLines(logging.Formatter):
    """One JSON object a line; JSON escapes line ends. :param process: name that each line carries."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": message_of(record),
        }
        if record.name.partition(".")[0] in OUR_PACKAGES:
            line |= {name: value for name, value in vars(record).items() if name not in ATTRIBUTES}
        elif hasattr(record, "repeated"):
            line["repeated"] = record.repeated
        if record.exc_info and record.exc_info[1] is not None:
            line |= described(record.exc_info[1])
        return json.dumps(line, default=str)


def message_of(record: logging.LogRecord) -> str:
    """The message with its arguments, where exceptions are replaced by what may be shown of them."""
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(_shown(argument) for argument in arguments)
    elif isinstance(arguments, Mapping):
        arguments = {name: _shown(argument) for name, argument in arguments.items()}
    message = str(record.msg if not isinstance(record.msg, BaseException) else _shown(record.msg))
    message = message % arguments if arguments else message
    # asyncio puts the representation of tasks and their exceptions into further lines of its message.
    return message.partition("\n")[0] if record.name == "asyncio" else message


def described(error: BaseException) -> dict[str, Any]:
    """What may be shown of an exception, as fields of a line."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    line: dict[str, Any] = {"error": type(error).__name__}
    if text := _message(error):
        line["error_message"] = text
    if frames:
        line["at"] = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    if isinstance(error, BaseExceptionGroup):
        line["errors"] = [described(each) for each in error.exceptions]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        line["cause"] = described(cause)
    return line


def _shown(argument: object) -> object:
    return _Shown(argument) if isinstance(argument, BaseException) else argument


class _Shown:
    """An exception as the argument of a log call; ``%r`` gives the same as ``%s``."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __str__(self) -> str:
        name, text = type(self._error).__name__, _message(self._error)
        if isinstance(self._error, OperatorError) or text.startswith(name):
            return text
        return f"{name}: {text}" if text else name

    __repr__ = __str__


def _message(error: BaseException) -> str:
    """The message of an exception where it may be shown, else nothing."""
    if isinstance(error, OperatorError) or type(error).__module__.partition(".")[0] in OPERATIONAL_LIBRARIES:
        return str(error)
    return (error.strerror or "") if isinstance(error, OSError) else ""


def set_up_logging(process: str, levels: Mapping[str, int] | None = None) -> None:
    """Writes everything from level info to standard error, and every exception that nobody catches.

    Called once, at the entry of a process.

    :param process: name of the process in its lines.
    :param levels: least level of single loggers, for libraries that log what we report ourselves.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    handler.addFilter(OncePerCause())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in (levels or {}).items():
        logging.getLogger(name).setLevel(level)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda given: _log_uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit) or error is None:
        return
    logging.getLogger(__name__).critical("uncaught exception", exc_info=(kind, error, where))
