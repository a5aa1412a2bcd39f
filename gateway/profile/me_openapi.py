"""``/me`` and its service worker in the OpenAPI document."""

from gateway.http.openapi_parts import PAGE_ERRORS, ApiPart, error_responses, header, response
from gateway.profile.service_worker import KEEPS

_SCRIPT = response(
    "The script.",
    "text/javascript",
    {"type": "string"},
    {"Service-Worker-Allowed": header("The page's path, which the worker answers for.")},
)
PAGE_API = ApiPart(
    {
        "get": {
            "operationId": "me",
            "summary": "What the phone of the cookie has collected, and its coupons as codes to show.",
            "description": (
                "Of the cookie's device alone. Once loaded it is there without a network, by a service worker. Looked "
                "up again after some seconds."
            ),
            "parameters": [
                {"name": "Accept-Language", "in": "header", "required": False, "schema": {"type": "string"}}
            ],
            "responses": {
                "200": response(
                    "The page.",
                    "text/html",
                    {"type": "string"},
                    {
                        KEEPS: header(
                            "What becomes of the copy for times without a network.", enum=["keep", "drop", "wait"]
                        )
                    },
                ),
                **error_responses(*PAGE_ERRORS),
            },
        }
    }
)
WORKER_API = ApiPart(
    {
        "get": {
            "operationId": "me_worker",
            "summary": "The service worker of /me.",
            "responses": {"200": _SCRIPT},
        }
    }
)
