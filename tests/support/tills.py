"""Tills that use coupons over HTTP."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tests.support.full_stack import FullStack
from tests.support.hangs import HANG_S

Json = dict[str, Any]
ASK_AGAIN = (500, 502, 503, 504)
"""Answers after which nobody knows yet: the till asks again with the same redemption id."""


def ask_coupon(stack: FullStack, action: str, code: str, request: Mapping[str, Any], key: str = "") -> tuple[int, Json]:
    """Status and body of reserve, redeem or release; asks until there is an answer, as a till does.

    :param request: body of the request, with its redemption_id. :param key: by default that of the operator.
    """
    end = time.monotonic() + HANG_S
    while True:
        headers = {"Authorization": f"Bearer {key or stack.run['api_key']}", "Content-Type": "application/json"}
        url = f"{stack.run['gateway']}/v1/coupons/{quote(code, safe='')}/{action}"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, json.dumps(request).encode(), headers), timeout=HANG_S
            ) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in ASK_AGAIN:
                return error.code, json.load(error)
            said = error.read().decode()
        except (OSError, KeyError) as error:  # killed, and being restarted
            said = str(error)
        assert time.monotonic() < end, f"{said}\n{stack.logs()}"
        time.sleep(0.2)
