"""``/v1/people/{type}/{value}/profile``: what a person is interested in, for programs of the brand."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import program_key
from gateway.http.responses import json_response
from gateway.publish.clock import Clock
from gateway.staff.looks import Asker, Looks
from schemas import kinds


class ProfileHandler:
    """Answers keys with the scope ``staff`` or ``events:crm`` that are not public."""

    def __init__(self, brand: LiveBrand, looks: Looks, clock: Clock) -> None:
        self._brand = brand
        self._looks = looks
        self._clock = clock

    async def person_profile(self, request: Request) -> Response:
        """200 and the profile, or that none may be shown.

        :raises RequestError: NO_BRAND, NO_KEY, NO_STAFF_SCOPE, ORIGIN: a web page asks; or as `Looks.of`.
        """
        brand_view = self._brand.view()
        key = program_key(
            request,
            brand_view.brand.api_keys,
            lambda key: key.sees_profiles,
            RequestError(ErrorKind.NO_STAFF_SCOPE, "this key has no scope for profiles: staff, or events:crm"),
            "ask for profiles",
        )
        kind, value = request.path_params["type"], request.path_params["value"]
        asker = Asker(key.id, "api", kinds.CRM in key.scopes)
        profile = await self._looks.of(kind, value, asker, brand_view, self._clock.now_us())
        return json_response(200, {"allowed": False} if profile is None else profile)
