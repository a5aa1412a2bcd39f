"""What replay and comparison need to know of matching."""

from typing import Any

import msgspec

from processors.matching.state import Block

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def canonical(block: Block) -> Any:
    """The block without the order in which its records came."""
    records = sorted(_encode(record) for record in block.records)
    return block.oversized, records, block.erased, block.blocks, block.withdrawn
