"""The receipt of an erasure: what was removed where. It names nobody."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sinks.privacy.progress import Progress


def receipt_of(progress: Progress, tables: Mapping[str, int], done_at_us: int) -> dict[str, Any]:
    """The receipt as JSON, with the SHA-256 of all else of it (keys in order, no blanks) as ``sha256``.

    :param tables: rows by table of the store. :param done_at_us: microseconds since 1970 UTC.
    """
    receipt: dict[str, Any] = {
        "request_id": progress.request_id,
        "scope": progress.scope,
        "requested_at": rfc3339(progress.requested_at),
        "done_at": rfc3339(done_at_us),
        "source_profiles": len(progress.profiles),
        "processors": progress.removed_by_processor(),
        "tables": dict(sorted(tables.items())),
    }
    return receipt | {"sha256": digest(receipt)}


def digest(receipt: Mapping[str, Any]) -> str:
    """The hash that a receipt has to have; its own member ``sha256`` does not count."""
    content = {name: value for name, value in receipt.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def rfc3339(micros: int) -> str:
    """A time in RFC 3339, UTC."""
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
