"""QR codes of tags as files for printing, drawn by the gateway's own code."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.setup.brand import check
from gateway.scan.link import link_of
from gateway.scan.qr import draw
from schemas.process.errors import OperatorError

SCALE = {"png": 16, "svg": 4, "pdf": 4}
"""Size of one module (a square of the code): pixels, SVG units, points. SVG and PDF are vector formats."""


def write_codes(brand: Path, tags: Sequence[str], address: str, out: Path, kind: str) -> Iterator[Path]:
    """Writes one file a tag and yields its path.

    :param tags: ids of tags; empty means every tag. :param address: what the codes begin with
        (``gateway.scan.link.base_address``).
    :param kind: svg, png or pdf.
    :raises OperatorError: mistakes in the brand's files, an unknown tag, or a directory that cannot be written.
    """
    known = check([brand]).tags
    if unknown := [tag for tag in tags if tag not in known]:
        raise OperatorError(f"{brand} has no tag {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for tag in tags or known:
            file = out / f"{tag}.{kind}"
            file.write_bytes(draw(link_of(address, tag), kind, SCALE[kind]))
            yield file
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from None
