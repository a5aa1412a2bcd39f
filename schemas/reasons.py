"""Why an event is rejected: the typed reasons of event-rejected, from the edge to the store."""

from typing import Final

MALFORMED: Final = "malformed"
"""Not the JSON object that the events API takes: a wrong type, an unknown or missing field."""
UNKNOWN_TYPE: Final = "unknown_type"
"""No such kind of touchpoint."""
INVALID: Final = "invalid"
"""A field has a value that cannot be: impossible time, negative money, an identifier that is none."""
FORBIDDEN: Final = "forbidden"
"""The key may not send this kind of event."""
UNDECODABLE: Final = "undecodable"
"""Bytes on a topic that are no event."""
UNKNOWN_SCHEMA: Final = "unknown_schema"
"""An event written with a schema that its topic never had."""
