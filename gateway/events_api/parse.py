"""Parsing: the body of a request into the events of a batch, and each event's JSON into its input type."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import MAX_EVENT_BYTES, MAX_EVENTS, BatchInput, EventInput
from gateway.events_api.split import split_steps
from schemas.reasons import RejectReason

_decode_batch = msgspec.json.Decoder(BatchInput).decode
# Numbers with a fraction stay exact: they may be money.
_decode_event = msgspec.json.Decoder(EventInput, float_hook=Decimal).decode


def split_batch(body: bytes) -> list[bytes]:
    """The JSON of each event of a batch. :raises ValidationError: the body is not a batch."""
    return next(events for events in split_batch_steps(body) if events is not None)


def split_batch_steps(body: bytes) -> Iterator[list[bytes] | None]:
    """:func:`split_batch` in steps, for bodies on which it takes long: None as long as it is not done."""
    try:
        yield [bytes(event) for event in _decode_batch(body).events]
        return
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        why = str(error)
    events = yield from split_steps(body, MAX_EVENTS)
    if events is None:
        raise ValidationError("", f"the body is no JSON: {why}", RejectReason.MALFORMED)
    yield events


def parse_event(raw: bytes) -> EventInput:
    """:raises ValidationError: not the JSON of an event."""
    if len(raw) > MAX_EVENT_BYTES:
        raise ValidationError("", f"the event is longer than {MAX_EVENT_BYTES} bytes", RejectReason.MALFORMED)
    try:
        return _decode_event(raw)
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    except RecursionError:
        raise ValidationError("properties", "are nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        field = _path_of_illegal_value(raw)
        raise ValidationError(
            field, f"has text or a number that JSON does not allow ({error})", RejectReason.MALFORMED
        ) from None


def _path_of_illegal_value(raw: bytes) -> str:
    """Path of the first text that is not Unicode or number that is not finite; empty when none can be found."""

    def search(node: Any, path: str) -> str | None:
        if isinstance(node, dict):
            for name, value in node.items():
                if not _is_legal(name):
                    return path
                if (found := search(value, f"{path}.{name}")) is not None:
                    return found
        elif isinstance(node, list):
            for index, value in enumerate(node):
                if (found := search(value, f"{path}[{index}]")) is not None:
                    return found
        elif not _is_legal(node):
            return path
        return None

    try:
        return (search(json.loads(raw.decode("utf-8", "surrogateescape")), "") or "").lstrip(".")
    except (ValueError, RecursionError):
        return ""


def _is_legal(leaf: Any) -> bool:
    if isinstance(leaf, str):
        return not any("\ud800" <= character <= "\udfff" for character in leaf)
    return not isinstance(leaf, float) or leaf - leaf == 0
