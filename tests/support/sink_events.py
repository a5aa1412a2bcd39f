"""Events for tests of the sink: short to write, complete on the wire."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from schemas.events import IdentityChanged, TouchpointIdentified
from schemas.ids import person_of

SPACE = UUID("3f1d4f5e-6f5b-4f0e-9d7d-5d7f3c6a1b2c")
MICROS = Decimal(1_000_000)


def uid(name: str) -> str:
    """An id that a name always gives."""
    return str(uuid5(SPACE, name))


def micros(at: str | datetime) -> int:
    time = datetime.fromisoformat(at) if isinstance(at, str) else at
    whole = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds


def touchpoint(
    event_id: str,
    person: str,
    kind: str,
    at: str | datetime,
    amount: Decimal | str | None = None,
    profile: str = "",
    **more: Any,
) -> TouchpointIdentified:
    """A touchpoint of a person; ``person`` and ``profile`` (the source profile, by default none) are names, their ids
    those of `uid`."""
    return TouchpointIdentified(
        event_id=event_id,
        person_id=uid(person),
        source_profile_id=uid(profile) if profile else "",
        type=kind,
        occurred_at=micros(at),
        received_at=micros(at),
        source="test",
        primary_identifier=f"customer:{person}",
        identifiers=(f"customer:{person}",),
        amount_micros=None if amount is None else int(Decimal(amount) * MICROS),
        currency="" if amount is None else "EUR",
        **more,
    )


def moved(profile: str, into: str, version: int, change: str = "merged", before: str = "") -> IdentityChanged:
    """A source profile belongs to another person from now on; ``before`` is the last one, by default its own."""
    return IdentityChanged(
        event_id=uid(f"{profile} {before} {into} {version}"),
        change=change,
        person_id=uid(before or profile),
        into_person_id=uid(into),
        source_profile_id=uid(profile),
        version=version,
        source_event_id=uid("cause"),
        occurred_at=micros("2026-04-01"),
    )


def edge(
    pair: tuple[str, str], status: str, version: int, reason: str = "", cause: str = "cause", at: str = "2026-04-01"
) -> IdentityChanged:
    """The status of an edge, its stronger end first."""
    return IdentityChanged(
        event_id=uid(f"{pair} {status} {version} {cause}"),
        change=status,
        person_id=person_of(pair[0]),
        identifier=pair[0],
        other_identifier=pair[1],
        version=version,
        reason=reason,
        source_event_id=cause,
        occurred_at=micros(at),
    )
