"""A GS1 Digital Link as a scan takes it: the tag that it means is found, and its lot and serial travel along."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.http.clients import Client
from schemas.brand.model import Tag
from schemas.events import TouchpointRecorded


@dataclass(frozen=True, slots=True)
class DigitalLinkScan:
    """``client`` was admitted; ``written`` is what an unknown tag is recorded as; ``tag`` has as its fallback where a
    scan without a decision leads; ``product`` is empty where the brand does not have it; ``elements`` are recorded: by
    application identifier.
    """

    client: Client
    written: str
    tag: Tag | None
    product: str
    elements: Mapping[str, str]

    def stated(self, event: TouchpointRecorded) -> TouchpointRecorded:
        """The scan with the elements in its properties, under ``gs1``."""
        properties = msgspec.json.decode(event.properties) | {"gs1": self.elements}
        return msgspec.structs.replace(
            event, properties=msgspec.json.encode(properties).decode(), product=event.product or self.product
        )
