"""Rejected events: kept with their reason and their JSON, in which nothing identifies a person any more."""

import hashlib
import json
import re
from typing import Any

from gateway.brand import World
from gateway.incoming import MAX_EVENT_BYTES, Invalid
from gateway.values import id_of
from schemas.events import EventRejected
from schemas.identifiers import InvalidIdentifier, Pseudonyms
from schemas.ids import derived

STAGE = "gateway"
MAX_TEXT_BYTES = 4096
"""So much is kept of an event that cannot be parsed or is too long."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def rejected(raw: bytes, invalid: Invalid, world: World, now: int) -> EventRejected:
    """The record of a rejection.

    :param now: time of receipt in microseconds.
    """
    node = _parsed(raw)
    scrub = world.pseudonyms.scrub
    return EventRejected(
        event_id=reject_id(raw),
        occurred_at=now,
        stage=STAGE,
        reason=invalid.reason,
        detail=scrub(str(invalid))[:1000],
        field=scrub(invalid.field)[:200],
        source_event_id=_source_event_id(node, world.pseudonyms),
        raw=masked(raw, node, world.pseudonyms),
    )


def reject_id(raw: bytes) -> str:
    """The same bytes give the same id, so a retry is one rejection."""
    return derived("rejected", STAGE, hashlib.sha256(raw).hexdigest())


def masked(raw: bytes, node: Any, pseudonyms: Pseudonyms) -> bytes:
    """The event's JSON with identifier values hashed and every text scrubbed; of what is no JSON, its
    beginning as text.
    """
    if node is not None:
        try:
            clean = pseudonyms.scrub_json(_hashed(node, pseudonyms))
            return json.dumps(clean, ensure_ascii=False).encode(errors="replace")
        except (RecursionError, ValueError):
            pass
    text = raw[:MAX_TEXT_BYTES].decode(errors="replace")
    if len(raw) > MAX_TEXT_BYTES:  # no half of a number may stay, which nobody would recognise
        text = text[: text.rfind(",") + 1]
    return pseudonyms.scrub(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)).encode(errors="replace")


def _parsed(raw: bytes) -> Any:
    if len(raw) > MAX_EVENT_BYTES:
        return None
    try:
        return json.loads(raw.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _source_event_id(node: Any, pseudonyms: Pseudonyms) -> str:
    try:
        return id_of(node.get("event_id"), "event_id", pseudonyms) if isinstance(node, dict) else ""
    except Invalid:
        return ""


def _hashed(node: Any, pseudonyms: Pseudonyms) -> Any:
    """Identifiers hashed wherever they stand: the usual mistake is a misspelt or misplaced member."""
    if isinstance(node, list):
        return [_hashed(one, pseudonyms) for one in node]
    if not isinstance(node, dict):
        return node
    if {"type", "value"} <= node.keys():
        return _hash_all(node, "", pseudonyms)
    return {
        name: _hash_all(value, "", pseudonyms) if name == "identifiers" else _hashed(value, pseudonyms)
        for name, value in node.items()
    }


def _hash_all(node: Any, kind: str, pseudonyms: Pseudonyms) -> Any:
    """Whatever stands among the identifiers, in whatever shape: a type and a hash may stay, all else is
    hashed.
    """
    if isinstance(node, list):
        return [_hash_all(one, kind, pseudonyms) for one in node]
    if not isinstance(node, dict):
        return node if node is None else _hash_one(kind, str(node), pseudonyms)
    kind = str(node.get("type", ""))[:40]
    if isinstance(node.get("value"), str) and set(node) == {"type", "value"}:
        return {"type": node["type"], "hash": _hash_one(kind, node["value"], pseudonyms).rpartition(":")[2]}
    return {
        name: value if name in ("type", "hash") and isinstance(value, str) else _hash_all(value, kind, pseudonyms)
        for name, value in node.items()
    }


def _hash_one(kind: str, value: str, pseudonyms: Pseudonyms) -> str:
    for candidate in (kind, "invalid"):
        try:
            return pseudonyms.identifier(candidate, value)
        except InvalidIdentifier:
            continue
    return "invalid:"
