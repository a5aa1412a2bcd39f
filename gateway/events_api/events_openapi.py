"""``/v1/events`` in the OpenAPI document. Its shapes come from the types that decode and encode."""

from typing import Any

import msgspec

from gateway.events_api.inputs import MAX_EVENTS, ConsentInput, EventInput, IdentifierInput
from gateway.events_api.results import BACKLOG, MANY, SCAN_DELAY, EventResults
from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import REF, ApiPart, error_responses, object_schema, ref, response
from schemas.kinds import TYPES
from schemas.matching.traits import CONTACT, FIELDS, VISIT

_DESCRIPTION = (
    "The body may be sent with Content-Encoding: gzip. 202 means that Kafka or a synced spool has the batch. sale and "
    "return need properties.amount (a decimal string, up to six decimals, but no more than properties.currency has "
    "where that is given; a sale may be negative, an exchange) and take properties.currency, properties.lines [{sku, "
    "quantity, amount, tax}] (fractions "
    "for weighed goods, negative for discounts and deposits), properties.tax, tip and rounding and, for a return, "
    "properties.sale_event_id. Without an identifier of use, or with only the device of a till, they are nobody's and "
    "stay the store's. stock_reported needs "
    "store, properties.sku and properties.quantity (a whole number of units, also written 5.0; less than none is "
    "none), and is about no person: identifiers are ignored. A report counts as of occurred_at, but never as later "
    "than its receipt. capacity_reported needs store, properties.service and one of free, queue_length and wait_s, and "
    "counts until properties.expires_at (by default a quarter of an hour, at most a day). cost_reported needs "
    "campaign and properties.amount, may name channel, placement, store and tag, and is about no person either: "
    "occurred_at lies in the day (UTC) that the money was spent for, and the latest statement of the same campaign, "
    "channel, placement, store, tag and day replaces earlier ones. order_placed takes no amount: what was paid is a "
    "sale. All others need at least one identifier. "
    "Placeholders (null, ask later, 000000, test@…) identify nobody: an event that has nothing else is rejected. An "
    "identifier that cannot be used (empty, no address, a number of no numbering plan) is left out with a warning, as "
    "long as the event has another. National phone numbers are read in the country of the event's store. Names (store, "
    "tag, placement, zone, product, campaign, channel, sku) are stored as they are, without blanks around them; so are "
    "properties that are codes by their name (receipt, order_number, …_id, …_sku, and the brand's code_properties). In "
    "all other text of properties, e-mail addresses and phone numbers are replaced by their identifiers. "
    "identity_linked and identity_unlinked are an operator's statement that two identifiers are, or are not, one "
    "person's; they need exactly two. properties.device_class names the class of the device that sent the event: "
    "identity joins nobody by a device of a class that the brand never stitches (kiosk, till, staff). "
    "properties.latitude and longitude are a position that a person chose to share, in degrees: it is rounded to three "
    "decimals, and counts for answers as far as the person allows personalisation. "
    "consent_given and consent_withdrawn take properties.purposes (at least one), channels of marketing, "
    "policy_version, expires_at, jurisdiction and proof, and nothing else; a grant of a purpose of the brand needs "
    "proof.text_id or proof.text, and a policy_version that the brand has. Any key may send them that sends events of "
    "people. Events of a browser that sends Sec-GPC: 1 have properties.gpc. "
    "Web pages of origins of the brand's destinations may send events (CORS), of web kinds alone, whatever else their "
    "key may send. Of what they and public keys send, the first device counts, and of other identifiers those whose "
    "proof binds them to it; all others are left out with a warning. "
    f"properties.{', '.join(FIELDS[CONTACT])} are traits of a person: they are encoded so that records can be "
    f"compared, and stored in no other form. {', '.join(FIELDS[VISIT])} are traits of a device: they are encoded for "
    "the same use, and stored as they are, too. A rejected event is kept encrypted for a later replay. "
    "An event is its event_id within the namespace of its key (by default the key's own; the keys of one fleet "
    "may share one); sale_event_id names an event of the same namespace, or another namespace, a slash and an id. Sent "
    "again it is a duplicate, however it is written and through whatever gateway, for 90 days; with more identifiers "
    "than before it is accepted, and is one event with all of them. Another event under the same id is a conflict, and "
    "rejected; a gateway that did not take the first one itself answers accepted, and the conflict is found behind it. "
    "A sale of the same order (properties.order_id) and content under another id counts once."
)
_POST: dict[str, Any] = {
    "operationId": "events",
    "summary": "Takes a batch of events: each gets its own result, and a bad one does not affect the others.",
    "description": _DESCRIPTION,
    "security": [{"key": []}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Batch")}}},
    "responses": {
        "202": response(
            "A result for each event, in order.",
            "application/json",
            ref("EventResults"),
            {
                BACKLOG: {
                    "description": f"Of {MANY} events or more: records that the processors have not taken yet.",
                    "schema": {"type": "integer"},
                },
                SCAN_DELAY: {
                    "description": f"Of {MANY} events or more: the longest of the last second or two that scans have"
                    " waited for their decision, one in fifty left out, in milliseconds.",
                    "schema": {"type": "integer"},
                },
            },
        ),
        **error_responses(
            ErrorKind.BODY,
            ErrorKind.NO_KEY,
            ErrorKind.NO_SCOPE,
            ErrorKind.ORIGIN,
            ErrorKind.BODY_TIMEOUT,
            ErrorKind.BODY_SIZE,
            ErrorKind.BATCH_SIZE,
            ErrorKind.MEDIA_TYPE,
            ErrorKind.ENCODING,
            ErrorKind.KEY_RATE,
            ErrorKind.NO_BRAND,
            ErrorKind.SATURATED,
            ErrorKind.NOT_STORED,
        ),
    },
}


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        (EventInput, IdentifierInput, ConsentInput, EventResults), ref_template=REF
    )
    schemas["EventInput"]["properties"]["identifiers"] |= {"items": ref("IdentifierInput")}
    schemas["EventInput"]["properties"]["type"] |= {"enum": sorted(TYPES)}
    events = {"type": "array", "maxItems": MAX_EVENTS, "items": ref("EventInput")}
    return {**schemas, "Batch": object_schema({"events": events})}


API = ApiPart({"post": _POST}, _schemas())
