"""Every reason for which a request as a whole is refused, with its HTTP status: one closed set, one table.

A handler raises :class:`RequestError` with one of the kinds; the application turns it into the response. What is wrong
with a single event of a batch is no request error: it is that event's result (gateway/events_api).
"""

from collections.abc import Mapping
from enum import Enum


class ErrorKind(Enum):
    """Status code, meaning as the OpenAPI document states it, and headers that the response always has."""

    NOT_FOUND = 404, "There is no such tag or picture."
    DIGITAL_LINK = 400, "The path is no right GS1 Digital Link; error says what is wrong."
    NO_LINK = 404, "Of what the path means there is no link of this type."
    SCALE = 400, "scale is out of range."
    HOST = 400, "The Host header is none of the addresses that are known."
    ADDRESS_RATE = 429, "The client's address sends too many requests."
    NO_BRAND = 503, "No brand configuration has been applied yet."
    NO_KEY = 401, "No API key, or an unknown one.", {"WWW-Authenticate": "Bearer"}
    NO_SCOPE = 403, "The key has no scope for events."
    ORIGIN = 403, "The page that sends is of no origin of the brand's destinations."
    SATURATED = 503, "Too many requests are waiting."
    MEDIA_TYPE = 415, "The body is not application/json."
    ENCODING = 415, "The body is encoded with something other than gzip.", {"Accept-Encoding": "gzip"}
    BODY = 400, "The body is malformed; error says where."
    BODY_SIZE = 413, "The body is too large."
    BODY_TIMEOUT = 408, "The body took too long.", {"Connection": "close"}
    BATCH_SIZE = 413, "The batch has too many events."
    KEY_RATE = 429, "The key sends too many events."
    NO_PRIVACY_SCOPE = 403, "The key has no scope for requests about data."
    NO_STAFF_SCOPE = 403, "The key has no scope for profiles."
    PROFILE_RATE = 429, "Too many profiles were asked for with this key."
    NO_TILL_SCOPE = 403, "The key has no scope for coupons: events:till."
    COUPON_RATE = 429, "Too many unknown codes were tried."
    NO_ANSWER_YET = 503, "The answer has not come in time: ask again with the same redemption_id."
    NO_PICTURE = 404, "The code has no such picture."
    NO_PROFILE_YET = 503, "The profile has not come in time."
    NO_PASS = 404, "The wallet is none that the deployment has passes for, or the coupon is none of the device."
    NO_ACCOUNT_YET = 503, "What the device has has not come in time."
    INVALID = 422, "A field cannot be used; error names it."
    NO_PROGRAMME = 404, "The brand has no programme of referrals."
    NO_LIVE = 404, "The phone has no page of that scan, or had it too long ago."
    NO_REQUEST = 404, "There is no such request, or it is not the sender's."
    OTHER_REQUEST = 409, "Another request was made under this request_id."
    NOT_DONE = 409, "There is no data yet, or the request is for none."
    DATA_GONE = 410, "The data is not kept any more."
    NO_REJECT_KEY = 503, "The deployment has no key that could protect the data."
    NOT_IN_KAFKA = 503, "Kafka is unavailable: nothing of the request is acknowledged."
    FORGED = 403, "The form does not come from the page, or from one of the days before."
    FORGED_LINK = 410, "The link of a device is none of this deployment, or too old."
    USED_LINK = 410, "The link was used, has expired, or is none."
    NOT_STORED = 503, "Kafka is unavailable and the spool is full: nothing of the batch is acknowledged."

    def __init__(self, status: int, meaning: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.meaning = meaning
        self.headers: Mapping[str, str] = headers or {}


class RequestError(Exception):
    """A request that is refused.

    :param error: what is wrong, in words that the client may see.
    :param retry_after_s: seconds until a repetition may succeed; None where it never will.
    """

    def __init__(self, kind: ErrorKind, error: str, retry_after_s: float | None = None) -> None:
        super().__init__(error)
        self.kind = kind
        self.error = error
        self.retry_after_s = retry_after_s
