"""For whoever works with a stack that runs."""

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from deploy.environment import brand_dir, setting
from deploy.errors import Refused


def import_(
    *files: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    again: Annotated[bool, Parameter(negative="")] = False,
    give_up_after: float = 300.0,
) -> int:
    """Send recorded events through the gateway: JSON Lines in the shape of the events API, .gz too.

    An import that was interrupted goes on where it stopped. Lines that are refused go to FILE.rejected.jsonl with
    their reason; the exit code is then 2.

    Parameters
    ----------
    files
        One or more files; - is standard input.
    again
        Send a file that is in already once more. Events that were in count once.
    give_up_after
        Seconds that the gateway may go without taking anything.
    """
    import asyncio

    from deploy.importing.run import import_file
    from deploy.target import read_data, read_target

    if not files:
        raise Refused("import needs a file, or - for standard input")
    target, imports = read_target(os.environ), read_data(os.environ) / "imports"
    code = 0
    for file in files:
        place = file if str(file) == "-" else file.absolute()
        summary = asyncio.run(import_file(place, target, imports, again, give_up_after))
        print(summary)
        code = 2 if summary.progress.rejected else code
    return code


def qr(
    *tags: str,
    out: Path,
    format: Literal["svg", "png", "pdf"] = "svg",
    brand: Path | None = None,
    address: str | None = None,
) -> None:
    """Write QR codes of tags for printing.

    Parameters
    ----------
    tags
        Tags of the brand; none: all of them.
    out
        Directory for the files, one a tag.
    format
        svg and pdf are drawn by lines and print at any size.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    address
        What the codes begin with, as phones will reach it (FOOTPATH_GATEWAY_PUBLIC_URL, default: the stack in
        FOOTPATH_DATA).
    """
    from deploy.printing import write_codes
    from deploy.target import read_gateway

    base = address or setting("FOOTPATH_GATEWAY_PUBLIC_URL", "") or read_gateway(os.environ)
    for file in write_codes(brand_dir(brand), tags, base, out, format):
        print(file)
