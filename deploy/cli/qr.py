"""`footpath qr`: QR codes for printing."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from deploy.cli import USE_IT, Command

Switch = Annotated[bool, Parameter(negative="")]


def qr(
    *tags: str,
    out: Path,
    format: Literal["svg", "png", "pdf"] | None = None,
    csv: Path | None = None,
    gs1: Switch = False,
    sheet: Literal["a4-2x7", "a4-3x4", "a4-3x7", "a4-3x8", "a4-5x13", "letter-2x5", "letter-3x10", "cut"] | None = None,
    size: float | None = None,
    page: str | None = None,
    columns: int | None = None,
    rows: int | None = None,
    margin: float | None = None,
    gap: float | None = None,
    captions: bool = True,
    font: Path | None = None,
    skip: int = 0,
    brand: Path | None = None,
    address: str | None = None,
) -> None:
    """Write the QR codes of tags to files for printing: one file each, or all on label sheets (--sheet).

    Codes have a quiet zone, and the brand's colours (look.code_dark and look.code_light of its files), which the check
    of the brand refuses where readers could not tell them apart.

    Parameters
    ----------
    tags
        Ids of tags of the brand; none: those of --csv, or all of them.
    out
        Directory for the files, which is created when it does not exist; with --sheet also the file: labels.pdf.
    format
        svg and pdf are vector formats and print at any size; png has 16 pixels a module (svg;
        a sheet is a pdf).
    csv
        File of what to print: a header, and a line a code. Column tag; if you like caption (empty: none), copies, and
        with --gs1 lot and serial.
    gs1
        GS1 Digital Links, as packaging carries them: of the tags that the GTIN of a product means, or that have a
        key of GS1 themselves.
    sheet
        Bought label sheets, by columns and rows (Avery L7163, L7164, L7160, 3474, L7651, 5163, 5160); cut: plain paper
        with crop marks.
    size
        With --sheet cut: side of a code with its quiet zone, in mm (30).
    page
        With --sheet cut: a3, a4, a5, letter, or width and height in mm such as 320x450 (a4).
    columns
        With --sheet cut: codes beside each other (as many as fit).
    rows
        With --sheet cut: codes below each other (as many as fit).
    margin
        With --sheet cut: the least that stays free at the edges of the page, in mm (10). Crop marks need 5.
    gap
        With --sheet cut: between codes, in mm (0).
    captions
        With --sheet: the tag's id beside each code, or the caption of --csv.
    font
        TrueType file for captions that have other letters than those of Western Europe.
    skip
        With --sheet: labels of the first page that are used up.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    address
        Address of the gateway as phones reach it, which the codes begin with: http:// or https:// and a host
        (FOOTPATH_GATEWAY_PUBLIC_URL, default: the stack in FOOTPATH_DATA).
    """
    import sys

    from deploy.environment import brand_dir
    from deploy.operate.qr.codes import codes_of
    from deploy.operate.qr.listing import Line, read_listing
    from deploy.operate.qr.progress import CodesProgress
    from deploy.operate.qr.sheet import STOCK, cut_sheet
    from deploy.operate.qr.write import write_codes, write_sheet
    from deploy.setup.brand import check
    from deploy.target import tag_keys_if_any
    from gateway.scan.qr import colours_of
    from schemas.base_address import reach_warning
    from schemas.process.errors import OperatorError

    base = _address(address)
    if warning := reach_warning(base):
        print(f"footpath: warning: {warning}; --address names another one", file=sys.stderr)
    cut: dict[str, Any] = {"size": size, "page": page, "columns": columns, "rows": rows, "margin": margin, "gap": gap}
    if idle := [name for name, value in cut.items() if value is not None and sheet != "cut"]:
        raise OperatorError(f"--{idle[0]} belongs to --sheet cut")
    if sheet is None and (skip or font is not None):
        raise OperatorError(f"--{'skip' if skip else 'font'} belongs to --sheet")
    if sheet is not None and format not in (None, "pdf"):
        raise OperatorError(f"--format {format}: a sheet is a pdf")
    if tags and csv is not None:
        raise OperatorError("name tags, or a file with --csv, not both")
    place = brand_dir(brand)
    found = check([place])
    lines = read_listing(csv) if csv is not None else [Line(0, tag) for tag in tags]
    if csv is not None and not lines:
        raise OperatorError(f"--csv {csv}: has no lines below its header")
    keys = tag_keys_if_any(os.environ)
    codes, unsigned = codes_of(found, place, lines, base, gs1, captions and sheet is not None, keys)
    if unsigned:
        names = ", ".join(unsigned)
        print(f"footpath: warning: left out, for want of a key to sign their links: {names}", file=sys.stderr)
    colours = colours_of(found.about.look)
    if gs1 and (warning := found.about.look.red_light_warning):
        print(f"footpath: warning: {warning}", file=sys.stderr)
    with CodesProgress(len(codes)) as progress:
        if sheet is None:
            written = write_codes(codes, out, format or "svg", colours, progress.drawn)
        else:
            some = any(code.caption for code in codes)
            given = {name: value for name, value in cut.items() if value is not None}
            plan = STOCK[sheet] if sheet != "cut" else cut_sheet(captions=some, **given)
            written = write_sheet(codes, plan, out, colours, font, skip, progress.drawn)
        for one in written:
            if one.file is not None:
                print(one.file)
            if one.warning:
                print(f"footpath: warning: {one.warning}", file=sys.stderr)


def _address(given: str | None) -> str:
    """The address that the codes begin with. :raises OperatorError: it is none."""
    from deploy.environment import read
    from deploy.target import read_gateway
    from gateway.settings import PUBLIC_URL
    from schemas.base_address import BASE_ADDRESS, base_address
    from schemas.process.errors import OperatorError

    address = given if given is not None else read(PUBLIC_URL, os.environ) or read_gateway(os.environ)
    try:
        return base_address(address)
    except ValueError:
        name = "the gateway's address" if given is None else "--address"
        raise OperatorError(f"{name} {address!r}: must be {BASE_ADDRESS.allowed}") from None


COMMAND = Command(qr, USE_IT)
