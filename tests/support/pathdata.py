"""PathData: 10,000 recorded, aggregated customer paths as events of single shoppers.

    python -m tests.support.pathdata OUT.jsonl[.gz] [--rows N]

writes JSON Lines in the shape of the events API. The data is part of the MIT-licensed wheel `mta` 0.0.9 and is fetched
with pip when it is first needed. Each row has a path of channels, how many journeys along it ended in a conversion,
their value in total, and how many ended without one: 88,387 journeys, 378,209 touches, 19,785 sales in all.
"""

import argparse
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from schemas.ids import derived

WHEEL = "mta==0.0.9"
MEMBER = "mta/data/data.csv.gz"
FIRST_DAY = datetime(2026, 2, 1, tzinfo=UTC)
STEP = timedelta(hours=3)
"""Between two touches; the longest path has 150 of them, less than a look-back of 90 days."""
MICRO = Decimal("0.000001")

Json = dict[str, Any]


def fetch() -> str:
    """The CSV text, out of the wheel in the cache (FOOTPATH_CACHE, else ~/.cache/footpath)."""
    cache = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "pathdata"
    if not (wheels := sorted(cache.glob("mta-*.whl"))):
        cache.mkdir(parents=True, exist_ok=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--dest",
            str(cache),
        ]
        subprocess.run([*pip, WHEEL], check=True)
        wheels = sorted(cache.glob("mta-*.whl"))
    with zipfile.ZipFile(wheels[0]) as wheel:
        return gzip.decompress(wheel.read(MEMBER)).decode()


def events(rows: int | None = None) -> Iterator[Json]:
    """The events of the first ``rows`` rows (all by default), journey by journey, each in order of time."""
    for number, row in enumerate(csv.DictReader(io.StringIO(fetch()))):
        if rows is not None and number >= rows:
            return
        channels = [channel.strip() for channel in row["path"].split(">")]
        sold = int(row["total_conversions"])
        for journey, value in enumerate(split_evenly(Decimal(row["total_conversion_value"]), sold)):
            yield from _journey(number, journey, channels, value)
        for journey in range(sold, sold + int(row["total_null"])):
            yield from _journey(number, journey, channels, None)


def split_evenly(total: Decimal, parts: int) -> list[Decimal]:
    """The total in equal parts of whole millionths; the first parts get the remainder."""
    if not parts:
        return []
    each, over = divmod(int((total / MICRO).to_integral_value()), parts)
    return [(each + (part < over)) * MICRO for part in range(parts)]


def _journey(row: int, journey: int, channels: list[str], value: Decimal | None) -> Iterator[Json]:
    shopper = f"pathdata-{row}-{journey}"
    at = FIRST_DAY + timedelta(minutes=(row * 7 + journey * 11) % (30 * 24 * 60))
    for step, channel in enumerate(channels):
        yield _event(shopper, step, "ad_click", at + step * STEP, channel=channel)
    if value is not None:
        properties = {"amount": f"{value:f}", "currency": "EUR"}
        yield _event(shopper, len(channels), "sale", at + len(channels) * STEP, properties=properties)


def _event(shopper: str, step: int, kind: str, at: datetime, **more: Any) -> Json:
    return {
        "event_id": derived("pathdata", shopper, str(step)),
        "type": kind,
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "identifiers": [{"type": "customer", "value": shopper}],
        **more,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.pathdata", description="Writes PathData as JSON Lines."
    )
    parser.add_argument("out", type=Path, help="file to write; compressed when its name ends in .gz")
    parser.add_argument("--rows", type=int, help="number of rows of the data; all by default")
    options = parser.parse_args()
    with gzip.open(options.out, "wt") if options.out.suffix == ".gz" else options.out.open("w") as out:
        for event in events(options.rows):
            out.write(json.dumps(event, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
