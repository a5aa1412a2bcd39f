"""``/v1/referrals/link`` in the OpenAPI document. Its shape comes from the type that decodes."""

import msgspec

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import REF, ApiPart, error_responses, object_schema, ref, response
from gateway.referrals.referral_handler import LinkInput

API = ApiPart(
    {
        "post": {
            "operationId": "referral_link",
            "summary": "The personal link of a customer, by which they recommend the brand.",
            "description": "Needs a key with the scope events:crm. The link of an identifier is always the same.",
            "security": [{"key": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref("LinkInput")}}},
            "responses": {
                "200": response("The link.", "application/json", object_schema({"link": {"type": "string"}})),
                **error_responses(
                    ErrorKind.NO_KEY,
                    ErrorKind.NO_SCOPE,
                    ErrorKind.ORIGIN,
                    ErrorKind.NO_BRAND,
                    ErrorKind.BODY,
                    ErrorKind.INVALID,
                    ErrorKind.NO_PROGRAMME,
                    ErrorKind.BODY_TIMEOUT,
                    ErrorKind.BODY_SIZE,
                    ErrorKind.MEDIA_TYPE,
                    ErrorKind.ENCODING,
                    ErrorKind.KEY_RATE,
                    ErrorKind.SATURATED,
                ),
            },
        }
    },
    dict(msgspec.json.schema_components((LinkInput,), ref_template=REF)[1]),
)
