"""Parses CSV rows of statements to events of the events API; a row that is no statement gets a reason. Pure."""

from typing import ClassVar

import msgspec

from deploy.operate.csv_file.rows import CsvRows, RowError
from deploy.operate.identity.identifier_input import IdentifierInput
from schemas import kinds
from schemas.ids import derived

ACTIONS = {"granted": kinds.CONSENT_GIVEN, "withdrawn": kinds.CONSENT_WITHDRAWN}
PROOF = ("text_id", "text", "language", "where", "control")
IMPORT = "import"
"""Where a statement was shown that does not say it."""


class Statements(CsvRows):
    """Iterates over the rows of one file of statements; see :class:`CsvRows`. Several purposes, or channels, of one row
    are separated by blanks."""

    columns: ClassVar[tuple[str, ...]] = (
        *("occurred_at", "type", "value", "action", "purposes", "channels", "policy_version"),
        *("expires_at", "jurisdiction", "store", *PROOF),
    )
    required: ClassVar[tuple[str, ...]] = ("occurred_at", "type", "value", "action", "purposes")

    def event(self, line: int, values: dict[str, str]) -> bytes:
        """The same row has the same id wherever it stands, so a file may be sent again.

        :raises RowError: a required field is empty, or the action is none.
        """
        for column in self.required:
            if not values[column]:
                raise RowError(f"{column}: is missing")
        if (kind := ACTIONS.get(values["action"].lower())) is None:
            raise RowError(f"action: {values['action']!r} must be granted or withdrawn")
        given = IdentifierInput(values["type"], values["value"])
        properties: dict[str, object] = {"purposes": values["purposes"].split()}
        if values.get("channels"):
            properties["channels"] = values["channels"].split()
        for name in ("policy_version", "expires_at", "jurisdiction"):
            if values.get(name):
                properties[name] = values[name]
        proof = {name: values[name] for name in PROOF if values.get(name)}
        properties["proof"] = {"where": IMPORT} | proof
        named = (f"{column}={values[column]}" for column in self.columns if values.get(column))
        event = {
            "event_id": derived("imported statement", *named),
            "type": kind,
            "occurred_at": values["occurred_at"],
            "identifiers": [given.as_event_field()],
            "properties": properties,
            **({"store": values["store"]} if values.get("store") else {}),
        }
        return msgspec.json.encode(event)
