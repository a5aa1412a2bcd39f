"""The picture of a rotating code: in the terminal, or a file that a screen shows."""

import io
import os
import sys
import time
from pathlib import Path

import segno

from deploy.setup.brand import check
from gateway.scan.link import NoLink, rotating_link
from gateway.scan.qr import draw
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKeys
from schemas.trust.signed import STEP_S

CLEAR = "\x1b[H\x1b[2J"
SVG_SCALE = 8


def show(brand_files: Path, tag_id: str, base: str, keys: TagKeys, out: Path | None, once: bool) -> None:
    """Shows the code of the present time step, and the next one when it begins; blocks until Ctrl-C unless ``once``.

    :param base: see ``schemas.base_address``. :param out: an SVG file; None: the terminal.
    :raises OperatorError: no such tag, no key, or a file that cannot be written.
    """
    brand = check([brand_files])
    if tag_id not in brand.tags:
        raise OperatorError(f"{brand_files} has no tag {tag_id}")
    try:
        while True:
            link = rotating_link(base, brand.tags[tag_id], brand.about.id, keys, time.time())
            _show_in_terminal(link, not once) if out is None else _write(out, link)
            if once:
                return
            time.sleep(STEP_S - time.time() % STEP_S)
    except NoLink as error:
        raise OperatorError(str(error)) from None
    except KeyboardInterrupt:
        return


def _show_in_terminal(link: str, clear: bool) -> None:
    text = io.StringIO()
    segno.make_qr(link, error="m").terminal(text, compact=True)
    print(f"{CLEAR if clear and sys.stdout.isatty() else ''}{text.getvalue()}{link}", flush=True)


def _write(out: Path, link: str) -> None:
    part = out.with_name(f"{out.name}.part")
    try:
        part.write_bytes(draw(link, "svg", SVG_SCALE))
        os.replace(part, out)
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from None
