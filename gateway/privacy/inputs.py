"""The bodies of the API for requests about data, and what they say in our terms."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import (
    MAX_IDENTIFIERS,
    IdentifierInput,
    MarketingChannel,
    Name,
    ProofInput,
    Purpose,
    Time,
)
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.types import is_blocked

_TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
NO_TYPE: Final = "*"
"""Stands for a type that has not the form of one: it may be anything, a person's address too."""
T = TypeVar("T")
Identifiers = Annotated[tuple[IdentifierInput, ...], Meta(min_length=1, max_length=MAX_IDENTIFIERS)]
RequestId = Annotated[str, Meta(max_length=36, extra_json_schema={"format": "uuid"})]


class DataInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A request for somebody's data, or for its erasure: of the person who has one of these identifiers, or of each
    of the people who have them. ``request_id`` is a UUID of the sender: sent again, it is the same request."""

    identifiers: Identifiers
    request_id: RequestId | None = None


class ConsentRequestInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a person allows and what not; the other members are those of the events API's consent properties."""

    identifiers: Identifiers
    given: tuple[Purpose, ...] = ()
    withdrawn: tuple[Purpose, ...] = ()
    channels: tuple[MarketingChannel, ...] = ()
    policy_version: Name = ""
    expires_at: Annotated[str, Meta(max_length=64)] | None = None
    jurisdiction: Annotated[str, Meta(max_length=6)] = ""
    proof: ProofInput | None = None
    occurred_at: Time | None = None
    request_id: RequestId | None = None


class Named(NamedTuple):
    """Whom a request names: identifiers as ``type:hash``, and of those whose type the brand does not know the type and
    a keyed hash of type and value."""

    identifiers: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]


def parse_data(body: bytes) -> DataInput:
    """:raises ValidationError: it has another shape."""
    return _parse(body, DataInput)


def parse_consent(body: bytes) -> ConsentRequestInput:
    """:raises ValidationError: it has another shape, or states nothing."""
    given = _parse(body, ConsentRequestInput)
    if not given.given and not given.withdrawn:
        raise ValidationError("given", "name at least one purpose in given or withdrawn")
    if both := set(given.given) & set(given.withdrawn):
        raise ValidationError("withdrawn", f"{min(both)} is among those that are given, too")
    return given


def named(given: Sequence[IdentifierInput], brand_view: BrandView, now: int) -> Named:
    """Whom a request names. :raises ValidationError: a value of a known type is none, or a placeholder."""
    found: dict[str, None] = {}
    unknown: dict[tuple[str, str], None] = {}
    pseudonyms = brand_view.pseudonyms
    for index, one in enumerate(given):
        field = f"identifiers[{index}]"
        if (one.value is None) == (one.hash is None):
            raise ValidationError(field, "must have either value or hash")
        if one.type not in brand_view.identifier_types:
            shown = one.type if _TYPE.fullmatch(one.type) else NO_TYPE
            unknown[shown, pseudonyms.digest(f"{one.type}\0{one.value or one.hash}".encode())] = None
            continue
        try:
            identifier = (
                pseudonyms.living(f"{one.type}:{one.hash}")
                if one.value is None
                else pseudonyms.identifier(one.type, one.value, now)
            )
        except InvalidIdentifier as error:
            raise ValidationError(f"{field}.value", str(error)) from None
        if is_blocked(identifier):
            raise ValidationError(f"{field}.value", "is a placeholder, which is nobody's")
        found[identifier] = None
    return Named(tuple(found), tuple(unknown))


def consent_events(given: ConsentRequestInput, now: str) -> list[dict[str, Any]]:
    """The statements as the events API takes them. :param now: the time of those that name none, RFC 3339."""
    common = {
        name: value
        for name in ("policy_version", "expires_at", "jurisdiction", "proof")
        if (value := msgspec.to_builtins(getattr(given, name)))
    }
    events = []
    for kind, purposes in (("consent_given", given.given), ("consent_withdrawn", given.withdrawn)):
        if not purposes:
            continue
        properties: dict[str, Any] = {"purposes": purposes, **common}
        if given.channels and "marketing" in purposes:
            properties["channels"] = given.channels
        events.append(
            {
                "type": kind,
                "occurred_at": given.occurred_at or now,
                "identifiers": [_plain(one) for one in given.identifiers],
                "properties": properties,
            }
        )
    return events


def _plain(one: IdentifierInput) -> dict[str, str]:
    return {name: value for name in ("type", "value", "hash") if (value := getattr(one, name)) is not None}


def _parse(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationError("", f"the body is no JSON: {error}") from None
