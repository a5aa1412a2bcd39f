"""`footpath qr`: QR codes for printing."""

import os
from pathlib import Path
from typing import Literal

from deploy.cli import USE_IT, Command


def qr(
    *tags: str,
    out: Path,
    format: Literal["svg", "png", "pdf"] = "svg",
    brand: Path | None = None,
    address: str | None = None,
) -> None:
    """Write the QR codes of tags to files for printing.

    Parameters
    ----------
    tags
        Ids of tags of the brand; none: all of them.
    out
        Directory for the files, one a tag; it is created when it does not exist.
    format
        svg and pdf are vector formats and print at any size; png has 16 pixels a module.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    address
        Address of the gateway as phones reach it, which the codes begin with (FOOTPATH_GATEWAY_PUBLIC_URL, default:
        the stack in FOOTPATH_DATA).
    """
    from deploy.environment import brand_dir, read
    from deploy.operate.qr import write_codes
    from deploy.target import read_gateway
    from gateway.settings import PUBLIC_URL

    base = address or read(PUBLIC_URL, os.environ) or read_gateway(os.environ)
    for file in write_codes(brand_dir(brand), tags, base, out, format):
        print(file)


COMMAND = Command(qr, USE_IT)
