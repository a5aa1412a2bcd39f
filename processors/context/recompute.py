"""A decision again, from the inputs that were published with it: what the same scan would be answered by this code and
this brand."""

import msgspec

from processors.context.answer import Answer, answer_key, answer_of
from processors.context.asked import Asked, asked_of
from processors.context.inputs.of_situation import values_of_situation
from processors.context.situation import Situation
from processors.context.timing import zone_of
from schemas.brand.model import Brand


def recompute(inputs: str, campaign: str, brand: Brand, asked: Asked | None = None) -> Answer | None:
    """The answer to the scan whose decision had these inputs.

    Inputs of expressions that were not read then are unknown now.

    :param inputs: ``ScanRouted.inputs``. :param campaign: that of the scan, which texts may name.
    :param asked: what the brand's routes ask, for whoever has many decisions of one brand.
    :return: None where there is no decision: a gateway's probe, or a tag that the brand does not have.
    """
    try:
        situation = msgspec.json.decode(inputs, type=Situation)
    except msgspec.ValidationError:
        return None
    if situation.tag not in brand.tags:
        return None
    asked = asked or asked_of(brand)
    conditions, zone = asked.conditions, zone_of(situation.store, brand)
    lost = asked.timing.lost(situation.at, zone, situation.answered_lately)
    stored = {} if isinstance(situation.inputs, msgspec.UnsetType) else situation.inputs
    values = stored | values_of_situation(situation)
    faults = conditions.faults(values) if conditions is not None else ()
    return answer_of(answer_key(situation, situation.history, campaign, faults, lost), brand)
