"""What is wrong with one event, or with the shape of a batch."""

import re

import msgspec

from schemas.reasons import RejectReason

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_NO_CHOICE = re.compile(r"Invalid enum value .*", re.DOTALL)
"""msgspec quotes the value, which may hold anything."""
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)


class ValidationError(Exception):
    """An event that is rejected: a typed reason of schemas.reasons, the field at fault (a path such as
    ``properties.lines[0].amount``, empty for the whole event) and what is wrong with it.
    """

    def __init__(self, field: str, detail: str, reason: str = RejectReason.INVALID) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.field = field
        self.detail = detail
        self.reason = reason


def from_msgspec(error: msgspec.ValidationError, inside: str = "") -> ValidationError:
    """msgspec's error with the path that its message ends with as the field.

    :param inside: path of the value that was converted, when it was not the whole event.
    """
    what, _, path = str(error).partition(" - at `$")
    path = f"{inside}{path.rstrip('`')}".lstrip(".")
    for pattern, detail in ((_UNKNOWN, "is no known field"), (_MISSING, "is missing")):
        if found := pattern.fullmatch(what):
            return ValidationError(f"{path}.{found[1]}".lstrip("."), detail, RejectReason.MALFORMED)
    return ValidationError(path, _NO_CHOICE.sub("is none of the values that it may have", what), RejectReason.MALFORMED)
