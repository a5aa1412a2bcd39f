"""A decision again, from the inputs that were published with it: what the same scan would be answered by this code and
this brand."""

import msgspec

from processors.context.answer import Answer, answer_key, answer_of
from processors.context.situation import Situation
from schemas.brand.model import Brand


def recompute(inputs: str, campaign: str, brand: Brand) -> Answer | None:
    """The answer to the scan whose decision had these inputs.

    :param inputs: ``ScanRouted.inputs``. :param campaign: that of the scan, which texts may name.
    :return: None where there is no decision: a gateway's probe, or a tag that the brand does not have.
    """
    try:
        situation = msgspec.json.decode(inputs, type=Situation)
    except msgspec.ValidationError:
        return None
    if situation.tag not in brand.tags:
        return None
    return answer_of(answer_key(situation, situation.history, campaign), brand)
