"""Step for consent_given and consent_withdrawn: their properties have a closed shape, which every reader knows
(``schemas.consent.statements``)."""

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import ConsentInput
from gateway.events_api.parse_values import parse_end
from schemas import kinds
from schemas.brand.consent import is_jurisdiction
from schemas.consent.purposes import MARKETING
from schemas.consent.statements import GPC
from schemas.reasons import RejectReason


def statement(draft: Draft) -> None:
    """What was said, in its one form. A withdrawal is refused for nothing but a wrong form: what it is about must be
    said, its proof may be missing. A grant of a purpose that the brand has must show what was agreed to.

    :raises ValidationError: also for a grant of a policy version that the brand does not have, or without a proof.
    """
    stated = {name: value for name, value in draft.properties.items() if name != GPC}
    try:
        given = msgspec.convert(stated, ConsentInput)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, "properties") from None
    if given.channels and MARKETING not in given.purposes:
        raise ValidationError("properties.channels", "belong to marketing, which is not among the purposes")
    if given.jurisdiction and not is_jurisdiction(given.jurisdiction):
        raise ValidationError("properties.jurisdiction", "must be a country or a part of one, such as DE or US-CA")
    if draft.input.type == kinds.CONSENT_GIVEN:
        _is_shown(draft, given)
    if given.expires_at is not None:
        stated["expires_at"] = parse_end(given.expires_at, "properties.expires_at", draft.fields["occurred_at"])
    draft.properties = {name: value for name, value in stated.items() if value is not None} | {
        name: value for name, value in draft.properties.items() if name == GPC
    }


def _is_shown(draft: Draft, given: ConsentInput) -> None:
    purposes = [one for name in given.purposes if (one := draft.brand_view.brand.consent.get(name)) is not None]
    if purposes and (given.proof is None or not (given.proof.text_id or given.proof.text)):
        raise ValidationError("properties.proof", "must say what was shown: text_id or text", RejectReason.MALFORMED)
    for purpose in purposes:
        if purpose.policies and given.policy_version not in purpose.versions:
            raise ValidationError(
                "properties.policy_version", f"is none of the brand's versions for {purpose.id}", RejectReason.INVALID
            )
