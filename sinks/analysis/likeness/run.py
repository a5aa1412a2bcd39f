"""What ``footpath identity train`` does: reads records out of the store, and makes a document for the brand."""

from dataclasses import dataclass, field
from typing import Final

import msgspec
from clickhouse_connect.driver.client import Client

from schemas.likeness.blocks import BadTraits, traits_of
from schemas.likeness.model import Model
from schemas.likeness.traits import FIELDS, PROPERTY, Traits
from sinks.analysis.likeness.train import TooFew, train

_TOLD: Final = f"""
SELECT any(properties), any(store), toUnixTimestamp64Micro(min(occurred_at))
FROM footpath.touchpoint_identified FINAL
WHERE JSONExtractString(properties, '{PROPERTY}', 'sort') = {{sort:String}}
GROUP BY own_person_id, JSONExtractRaw(properties, '{PROPERTY}')
ORDER BY min(_key)
LIMIT {{most:UInt32}}
"""
"""What each own person told, once: who repeats themselves teaches nothing about others."""


@dataclass
class Learnt:
    """A model for each sort that there was enough of, and a line for people on every sort."""

    models: dict[str, Model] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def document(self) -> bytes:
        """The section of the brand's files."""
        items = [{"id": sort, "model": model} for sort, model in self.models.items()]
        return msgspec.json.format(msgspec.json.encode({"likeness": items}), indent=2) + b"\n"


def learn(client: Client, most: int) -> Learnt:
    """:param most: records of each sort."""
    learnt = Learnt()
    for sort in FIELDS:
        records = _records(client, sort, most)
        try:
            model = train(records)
        except TooFew as few:
            learnt.told.append(f"{sort}: {few}")
        else:
            learnt.models[sort] = model
            learnt.told.append(f"{sort}: version {model.version} from {len(records)} records")
    return learnt


def _records(client: Client, sort: str, most: int) -> list[Traits]:
    rows = client.query(_TOLD, parameters={"sort": sort, "most": most}).result_rows
    found = []
    for properties, store, occurred_at in rows:
        try:
            traits = traits_of(properties, store, occurred_at)
        except BadTraits:  # the stream has rejected it
            continue
        if traits is not None:
            found.append(traits)
    return found
