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
        Address of the gateway as phones reach it, which the codes begin with: http:// or https:// and a host
        (FOOTPATH_GATEWAY_PUBLIC_URL, default: the stack in FOOTPATH_DATA).
    """
    import sys

    from deploy.environment import brand_dir, read
    from deploy.operate.qr import write_codes
    from deploy.target import read_gateway, tag_keys_if_any
    from gateway.settings import PUBLIC_URL
    from schemas.base_address import BASE_ADDRESS, base_address, reach_warning
    from schemas.process.errors import OperatorError

    given = address if address is not None else read(PUBLIC_URL, os.environ) or read_gateway(os.environ)
    try:
        base = base_address(given)
    except ValueError:
        name = "the gateway's address" if address is None else "--address"
        raise OperatorError(f"{name} {given!r}: must be {BASE_ADDRESS.allowed}") from None
    if warning := reach_warning(base):
        print(f"footpath: warning: {warning}; --address names another one", file=sys.stderr)
    for code in write_codes(brand_dir(brand), tags, base, out, format, tag_keys_if_any(os.environ)):
        print(code.file)
        if code.warning:
            print(f"footpath: warning: {code.warning}", file=sys.stderr)


COMMAND = Command(qr, USE_IT)
