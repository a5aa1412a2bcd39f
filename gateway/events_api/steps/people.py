"""Steps for touchpoints: kind, place, and the person that the event is about."""

from typing import Any

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import IdentifierInput
from schemas import kinds
from schemas.contacts.types import CONTACT_TYPES
from schemas.identifiers.named import Named, others_of
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.types import DEVICE, is_blocked, strongest, type_of
from schemas.reasons import RejectReason


def kind_and_place(draft: Draft) -> None:
    draft.fields.update(draft.names, type=draft.input.type)


def identifiers(draft: Draft) -> None:
    """Each identifier as ``type:hash``, without repetitions, and the primary identifier among them.

    One that cannot be used is left out, as long as another is of use. From a public key the first device counts, and
    of all others those that a proof binds to it.
    """
    if not draft.input.identifiers:
        raise ValidationError("identifiers", "must have at least one")
    found: dict[str, None] = {}
    unusable: list[ValidationError] = []
    device: str | None = None
    if draft.sender.is_public:
        device = next(filter(None, map(_device_of, draft.input.identifiers)), "")
    for index, given in enumerate(draft.input.identifiers):
        try:
            hashed = _identifier(draft, given, index, device)
        except ValidationError as error:
            unusable.append(error)
            continue
        found[hashed] = None
        if is_blocked(hashed):
            unusable.append(_placeholder(index))
    draft.unusable = tuple(unusable)
    if not found:
        raise unusable[0]
    if draft.input.type in kinds.CONSENT and draft.brand_view.pseudonyms.has_others:
        # What a person says concerns what is known of them under the other key, too.
        for one in draft.named:
            found |= dict.fromkeys(() if is_blocked(one.identifier) else others_of(one, draft.brand_view.pseudonyms))
    draft.fields["identifiers"] = hashes = tuple(found)
    draft.fields["primary_identifier"] = strongest(hashes)


def somebody_or_nobody(draft: Draft) -> None:
    """The identifiers of a receipt. One that has none, only values that identify nobody, or only the till that wrote
    it, is nobody's: it stays the store's.

    :raises ValidationError: nothing of use, and the sender wrote something else than a wrong text, such as a number or
        an unknown type: repaired, the receipt may be somebody's.
    """
    found: tuple[str, ...] = ()
    if draft.input.identifiers:
        try:
            identifiers(draft)
            found = draft.fields["identifiers"]
        except ValidationError:
            if not all(_is_of_nobody(error) for error in draft.unusable):
                raise
    guards, device_class = draft.brand_view.brand.about.guards, draft.properties.get("device_class")
    of_till = device_class in guards.never_stitch
    if all(is_blocked(one) or (of_till and type_of(one) == DEVICE) for one in found):
        draft.fields["identifiers"], draft.fields["primary_identifier"] = (), ""


def some_identifier_is_real(draft: Draft) -> None:
    """An event that has nothing but placeholders is about nobody."""
    if is_blocked(draft.fields["primary_identifier"]):
        raise draft.unusable[0]


def every_identifier_is_real(draft: Draft) -> None:
    """For kinds that are statements about identifiers: a placeholder would join or part strangers."""
    if draft.unusable:
        raise draft.unusable[0]


def two_identifiers(draft: Draft) -> None:
    if len(draft.fields["identifiers"]) != 2:
        raise ValidationError("identifiers", "must be two different ones")


def _is_of_nobody(error: ValidationError) -> bool:
    """Whether a text of the right form identifies nobody."""
    return error.field.endswith(".value") and error.reason != RejectReason.MALFORMED


def _device_of(given: Any) -> str:
    """The text of a device; empty for anything else."""
    if not isinstance(given, dict) or given.get("type") != DEVICE:
        return ""
    return next((text for text in (given.get("value"), given.get("hash")) if isinstance(text, str)), "")


def _is_proven(draft: Draft, identifier: IdentifierInput, device: str) -> bool:
    """Whether the identifier is the device that sends, or has a proof that it belongs to it."""
    text = identifier.value or identifier.hash or ""
    if identifier.type == DEVICE and text == device:
        return True
    if identifier.proof is None or not device:
        return False
    now_s = draft.now // 1_000_000
    return draft.brand_view.pseudonyms.proofs.holds(identifier.proof, identifier.type, text, device, now_s)


def _identifier(draft: Draft, given: Any, index: int, device: str | None) -> str:
    """:param device: to which a proof has to bind the identifier; None: the sender needs none.

    :raises ValidationError: it is no identifier of a type that the brand has, or a claim without a proof.
    """
    try:
        identifier = msgspec.convert(given, IdentifierInput)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, f"identifiers[{index}]") from None
    kind, value = identifier.type, identifier.value
    if kind not in draft.brand_view.identifier_types:
        raise ValidationError(f"identifiers[{index}].type", "is no known type of identifier")
    if (value is None) == (identifier.hash is None):
        raise ValidationError(f"identifiers[{index}]", "must have either value or hash")
    if device is not None and not _is_proven(draft, identifier, device):
        raise ValidationError(
            f"identifiers[{index}].proof",
            "is missing, has expired or is of another device: with a public key an identifier needs one, and the event "
            "a device",
            RejectReason.UNPROVEN,
        )
    pseudonyms, at = draft.brand_view.pseudonyms, draft.fields["occurred_at"]
    if value is None:
        return pseudonyms.living(f"{kind}:{identifier.hash}", at)
    try:
        country = draft.country if kind == "phone" else ""
        hashed, normal = pseudonyms.named(kind, value, at, country)
        if (device is None and kind in CONTACT_TYPES) or pseudonyms.has_others:
            draft.named.append(Named(hashed, kind, value, country, normal))
        return hashed
    except InvalidIdentifier as error:
        raise ValidationError(f"identifiers[{index}].value", str(error)) from None


def _placeholder(index: int) -> ValidationError:
    return ValidationError(
        f"identifiers[{index}].value", "is a placeholder, which is nobody's", RejectReason.BLOCKED_VALUE
    )
