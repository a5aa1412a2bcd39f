"""Trains a model for each record type from the store; called by ``footpath identity train``."""

from dataclasses import dataclass, field
from typing import Final

import msgspec
from clickhouse_connect.driver.client import Client

from schemas.matching.blocks import InvalidTraits, traits_of
from schemas.matching.model import Model
from schemas.matching.traits import FIELDS, PROPERTY, Traits
from sinks.analysis.matching.train import TooFewPairs, train

_RECORDS: Final = f"""
SELECT any(properties), any(store), toUnixTimestamp64Micro(min(occurred_at))
FROM touchpoint_identified FINAL
WHERE JSONExtractString(properties, '{PROPERTY}', 'record_type') = {{record_type:String}}
GROUP BY source_profile_id, JSONExtractRaw(properties, '{PROPERTY}')
ORDER BY min(_key)
LIMIT {{limit:UInt32}}
"""
"""The different records of each source profile: repeated ones would not show how two people agree."""


@dataclass
class TrainedModels:
    """A model for each record type with enough records, and a line of text for the operator on every type."""

    models: dict[str, Model] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)

    def document(self) -> bytes:
        """The section ``matching`` of the brand's files, as JSON."""
        items = [{"id": record_type, "model": model} for record_type, model in self.models.items()]
        return msgspec.json.format(msgspec.json.encode({"matching": items}), indent=2) + b"\n"


def train_from_store(client: Client, limit: int) -> TrainedModels:
    """:param limit: most records of each type."""
    trained = TrainedModels()
    for record_type in FIELDS:
        records = _records(client, record_type, limit)
        try:
            model = train(records)
        except TooFewPairs as error:
            trained.summary.append(f"{record_type}: {error}")
        else:
            trained.models[record_type] = model
            trained.summary.append(f"{record_type}: version {model.version} from {len(records)} records")
    return trained


def _records(client: Client, record_type: str, limit: int) -> list[Traits]:
    rows = client.query(_RECORDS, parameters={"record_type": record_type, "limit": limit}).result_rows
    found = []
    for properties, store, occurred_at in rows:
        try:
            traits = traits_of(properties, store, occurred_at)
        except InvalidTraits:  # the processor rejects it too
            continue
        if traits is not None:
            found.append(traits)
    return found
