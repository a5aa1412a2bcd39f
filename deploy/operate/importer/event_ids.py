"""Ids of imported events that have none of their own."""

from decimal import Decimal

import msgspec

from schemas.ids import derived


class _Head(msgspec.Struct):
    event_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_head = msgspec.json.Decoder(_Head).decode
# Decimal keeps fractions exact: an amount of money may be one.
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _is_given(event_id: msgspec.Raw | msgspec.UnsetType) -> bool:
    return not isinstance(event_id, msgspec.UnsetType) and bytes(event_id) != b"null"


class EventIds:
    """An event without an id gets one that is derived from its line's text and from how often that text has come in the
    file so far, wherever the line stands: a file whose lines moved, or that grew at either end, has the same ids.

    Of every different line without an id a hash is remembered, in some 100 bytes of memory.

    :param numbered: number of lines at the start of the file that an earlier version has imported: it derived ids from
        the text and the line's number, and these lines keep them.
    """

    def __init__(self, numbered: int = 0) -> None:
        self._numbered = numbered
        self._occurrences: dict[int, int] = {}

    def with_id(self, text: bytes, number: int) -> bytes:
        """The event's JSON with an id. Called once for each line of the file, in order, or :meth:`count` for it.

        :raises msgspec.DecodeError: no JSON, or no object. :raises RecursionError: nested too deeply.
        """
        given = _decode_head(text).event_id
        if _is_given(given):
            return text
        occurrence, line = self._next_occurrence(text), text.decode()
        if number <= self._numbered:
            event_id = derived("imported", str(number), line)
        else:
            event_id = derived("imported", "occurrence", str(occurrence), line)
        if isinstance(given, msgspec.UnsetType):
            rest = text[1:].lstrip()
            return b'{"event_id":"%s"%s%s' % (event_id.encode(), b"" if rest == b"}" else b",", rest)
        return _encode(_decode(text) | {"event_id": event_id})

    def count(self, text: bytes, number: int) -> bytes:
        """Takes note of a line that was imported before, and returns it as it is; raises the same."""
        if not _is_given(_decode_head(text).event_id):
            self._next_occurrence(text)
        return text

    def _next_occurrence(self, text: bytes) -> int:
        hashed = hash(text)
        occurrence = self._occurrences[hashed] = self._occurrences.get(hashed, 0) + 1
        return occurrence
