"""``/answer`` in the OpenAPI document."""

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import FORM_ERRORS, ApiPart, error_responses, object_schema, response

_FIELDS = ("token", "tag", "survey", "question", "answer")
API = ApiPart(
    {
        "post": {
            "operationId": "answer",
            "summary": "The answer to the question of a page.",
            "description": "For the page's own form: a browser that says that it comes from elsewhere is refused.",
            "requestBody": {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": object_schema({name: {"type": "string"} for name in _FIELDS})
                    }
                },
            },
            "responses": {
                "200": response("Thanks.", "text/html", {"type": "string"}),
                **error_responses(*FORM_ERRORS, ErrorKind.INVALID, ErrorKind.NOT_STORED),
            },
        }
    }
)
