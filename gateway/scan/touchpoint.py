"""A scan as an event."""

from uuid import uuid4

from gateway.brand.live import BrandView
from schemas.brand.model import Tag
from schemas.events import TouchpointRecorded


def build_touchpoint(
    brand_view: BrandView, tag: Tag, device: str, now: int, reply_partition: int | None
) -> TouchpointRecorded:
    """The scan as an event: kind and place come from the tag, nothing but the device id from the phone.

    :param now: time of receipt in microseconds.
    :param reply_partition: partition of scan-routed for the decision; None when the gateway does not wait for one.
    """
    primary_identifier = brand_view.pseudonyms.identifier("device", device)
    return TouchpointRecorded(
        event_id=str(uuid4()),
        type=tag.trigger,
        occurred_at=now,
        received_at=now,
        source="scan",
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        brand=brand_view.brand.about.id,
        store=tag.store,
        tag=tag.id,
        placement=tag.placement,
        zone=tag.zone,
        product=tag.product,
        campaign=tag.campaign,
        reply_partition=reply_partition,
    )
