"""QR codes of tags as files for printing, drawn by the gateway's own code."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.setup.brand import check
from gateway.scan.link import NoLink, printed_link
from gateway.scan.qr import draw
from schemas.brand.tags import NTAG424, ROTATING
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKeys

SCALE = {"png": 16, "svg": 4, "pdf": 4}
"""Size of one module (a square of the code): pixels, SVG units, points. SVG and PDF are vector formats."""


MAX_EASY_CHARS = 300
"""Longer links make codes of 75 modules and more a side, which a phone reads only from a large print."""


class Code(NamedTuple):
    """A file that was written; ``warning`` says what is wrong with its code, empty when nothing is."""

    file: Path
    warning: str


def write_codes(
    brand: Path, tags: Sequence[str], address: str, out: Path, kind: str, keys: TagKeys | None = None
) -> Iterator[Code]:
    """Writes one file a tag and yields it.

    :param tags: ids of tags; empty means every tag. :param address: what the codes begin with
        (``schemas.base_address``).
    :param kind: svg, png or pdf. :param keys: sign the links of tags that demand it. Of those on chips and screens
        there is nothing to print: they are left out where all tags are asked for.
    :raises OperatorError: mistakes in the brand's files, an unknown tag, or a directory that cannot be written.
    """
    found = check([brand])
    known = {id: tag for id, tag in found.tags.items() if tags or tag.security not in (NTAG424, ROTATING)}
    if unknown := [tag for tag in tags if tag not in known]:
        raise OperatorError(f"{brand} has no tag {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for tag in tags or known:
            file, link = out / f"{tag}.{kind}", printed_link(address, known[tag], found.about.id, keys)
            file.write_bytes(draw(link, kind, SCALE[kind]))
            dense = f"the link of {tag} has {len(link)} characters: print its code large, or give the tag a shorter id"
            yield Code(file, dense if len(link) > MAX_EASY_CHARS else "")
    except NoLink as error:
        raise OperatorError(str(error)) from None
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from None
