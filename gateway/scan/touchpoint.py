"""A scan as an event."""

from collections.abc import Mapping
from uuid import uuid4

import msgspec

from gateway.brand.live import BrandView
from schemas.brand.model import Tag
from schemas.consent.statements import GPC
from schemas.events import TouchpointRecorded
from schemas.identifiers.dead import EVER_AFTER
from schemas.kinds import REFERRER, SCAN
from schemas.trust.score import trust_of

SOURCE = SCAN
"""The source of every scan that a gateway took itself."""
_encode = msgspec.json.Encoder().encode


def build_touchpoint(
    brand_view: BrandView,
    tag: Tag,
    device: str,
    now: int,
    reply_partition: int | None,
    parameters: Mapping[str, str],
    gpc: bool = False,
    language: str = "",
    doubts: tuple[str, ...] = (),
    referrer: str = "",
) -> TouchpointRecorded:
    """The scan as an event: kind and place come from the tag, from the phone nothing but the device id and the listed
    parameters of the link.

    :param now: time of receipt in microseconds.
    :param reply_partition: partition of scan-routed for the decision; None when the gateway does not wait for one.
    :param parameters: see ``gateway.brand.link_query``. :param gpc: the browser sends Global Privacy Control.
    :param language: which of the brand's the phone gets.
    :param doubts: what speaks against it, see ``schemas.trust.score``.
    :param referrer: source profile of whoever has the personal link; empty for any other link.
    """
    primary_identifier = brand_view.pseudonyms.identifier("device", device, EVER_AFTER)
    return TouchpointRecorded(
        event_id=str(uuid4()),
        type=tag.trigger,
        occurred_at=now,
        received_at=now,
        source=SOURCE,
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        brand=brand_view.brand.about.id,
        store=tag.store,
        tag=tag.id,
        placement=tag.placement,
        zone=tag.zone,
        product=tag.product,
        campaign=tag.campaign,
        properties=_properties(parameters, gpc, referrer),
        language=language,
        reply_partition=reply_partition,
        trust=trust_of(doubts),
        trust_reasons=doubts,
    )


def build_unknown_touchpoint(
    brand_view: BrandView,
    tag_id: str,
    device: str,
    now: int,
    parameters: Mapping[str, str],
    gpc: bool = False,
    language: str = "",
    doubts: tuple[str, ...] = (),
) -> TouchpointRecorded:
    """The scan of a link that means none of the brand's tags, such as one that was removed: it has no placement.

    :param tag_id: see ``gateway.scan.unknown_tags``. For the others see :func:`build_touchpoint`.
    """
    primary_identifier = brand_view.pseudonyms.identifier("device", device, EVER_AFTER)
    return TouchpointRecorded(
        event_id=str(uuid4()),
        type=SCAN,
        occurred_at=now,
        received_at=now,
        source=SOURCE,
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        brand=brand_view.brand.about.id,
        tag=tag_id,
        properties=_properties(parameters, gpc),
        language=language,
        trust=trust_of(doubts),
        trust_reasons=doubts,
    )


def _properties(parameters: Mapping[str, str], gpc: bool, referrer: str = "") -> str:
    if referrer:
        found = ({"query": dict(parameters)} if parameters else {}) | ({GPC: True} if gpc else {})
        return _encode(found | {REFERRER: referrer}).decode()
    if not gpc:
        return _encode({"query": dict(parameters)}).decode() if parameters else "{}"
    return _encode(({"query": dict(parameters)} if parameters else {}) | {GPC: True}).decode()
