"""QR codes of tags as files for the printer, drawn as the gateway draws them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.errors import Refused
from deploy.setup.brand import check
from gateway.codes import draw

SCALE = {"png": 16, "svg": 4, "pdf": 4}
"""Size of one module: pixels, units, points. Lines (SVG, PDF) can be printed at any size."""


def write_codes(brand: Path, tags: Sequence[str], address: str, out: Path, kind: str) -> Iterator[Path]:
    """Writes one file a tag and yields its path.

    :param tags: none means every tag. :param address: what a code begins with. :param kind: svg, png or pdf.
    :raises Refused: mistakes in the brand, an unknown tag, or a directory that cannot be written.
    """
    known = check([brand]).tags
    if unknown := [tag for tag in tags if tag not in known]:
        raise Refused(f"{brand} has no tag {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for tag in tags or known:
            file = out / f"{tag}.{kind}"
            file.write_bytes(draw(f"{address.rstrip('/')}/s/{tag}", kind, SCALE[kind]))
            yield file
    except OSError as error:
        raise Refused(f"--out {out}: {error.strerror}") from None
