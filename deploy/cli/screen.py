"""`footpath screen`: the rotating code of a tag, in the terminal or as a picture that a screen shows."""

import os
from pathlib import Path

from deploy.cli import USE_IT, Command


def screen(
    tag: str, *, out: Path | None = None, brand: Path | None = None, address: str | None = None, once: bool = False
) -> None:
    """Show the code of a tag with `security: rotating` and change it every 30 seconds, until Ctrl-C.

    A code counts from its appearance until 60 to 90 seconds later, and 30 seconds early: so far may the clock of the
    screen be behind or ahead.

    Parameters
    ----------
    tag
        Id of the tag.
    out
        SVG file that is written in place of the terminal, each time as a whole.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    address
        Address of the gateway as phones reach it (FOOTPATH_GATEWAY_PUBLIC_URL, default: the stack in FOOTPATH_DATA).
    once
        Show the present code and end.
    """
    from deploy.environment import brand_dir, read
    from deploy.operate.screen import show
    from deploy.target import read_gateway, read_tag_keys
    from gateway.settings import PUBLIC_URL
    from schemas.base_address import BASE_ADDRESS, base_address
    from schemas.process.errors import OperatorError

    given = address if address is not None else read(PUBLIC_URL, os.environ) or read_gateway(os.environ)
    try:
        base = base_address(given)
    except ValueError:
        raise OperatorError(f"the gateway's address {given!r}: must be {BASE_ADDRESS.allowed}") from None
    show(brand_dir(brand), tag, base, read_tag_keys(os.environ), out, once)


COMMAND = Command(screen, USE_IT)
