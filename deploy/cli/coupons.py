"""`footpath coupons`: codes from a file, what became of one, and the end of one."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import USE_IT, Command

coupons = App(help="Import codes, export a pool, show or void a coupon, add a key of codes.")

Code = Annotated[str, Parameter(allow_leading_hyphen=True)]


@coupons.command(name="import")
def import_(pool: str, file: Path, /) -> int:
    """Import the codes of a pool with `codes: imported`. They can be used at once.

    The file is CSV in UTF-8 with a header: code,expires_at; expires_at (RFC 3339) may be left out, then the pool says.
    Codes are read as tills read them: case, hyphens and blanks do not matter, I and L are 1, O is 0. A file may be
    imported again, and with more codes: each counts once. Nothing is imported of a file with errors, which are printed
    with their lines; the exit code is then 2.

    For example: footpath coupons import flyer codes.csv

    Parameters
    ----------
    pool
        Id of the pool.
    file
        The CSV file.
    """
    import asyncio

    from deploy.operate.coupons.read_codes import read_codes
    from deploy.operate.coupons.requests import import_codes
    from deploy.target import read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with

    codes, faults = read_codes(file)
    for fault in faults:
        print(fault)
    if faults:
        return 2
    kafka = read_kafka(os.environ)
    asyncio.run(import_codes(kafka, codec_with(read_registry(os.environ), None), pool, codes))
    print(f"{len(codes)} codes of {pool} are on their way; `footpath coupons export {pool}` lists them")
    return 0


@coupons.command
def export(pool: str, /) -> None:
    """Print the coupons of a pool as CSV: ordinal, code, state, since when, until when.

    Parameters
    ----------
    pool
        Id of the pool.
    """
    import csv
    import sys

    from deploy.operate.coupons.stored import coupons_of
    from deploy.operate.store_client import connect

    with connect(os.environ) as client:
        columns, rows = coupons_of(client, pool)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows(rows)


@coupons.command
def show(code: Code, /) -> int:
    """Show everything that happened to a coupon. The exit code is 1 where there is none.

    Parameters
    ----------
    code
        Its code, as it is printed or typed.
    """
    from deploy.operate.coupons.stored import history_of
    from deploy.operate.store_client import connect

    with connect(os.environ) as client:
        lines = history_of(client, code)
    print("\n".join(lines) or "no coupon with this code is in the tables")
    return 0 if lines else 1


@coupons.command
def void(code: Code, /, *, reason: str) -> None:
    """Withdraw a coupon, unless it was used; a basket that has it loses it.

    Parameters
    ----------
    code
        Its code, as it is printed or typed.
    reason
        Why, for the tables.
    """
    import asyncio

    from deploy.operate.coupons.requests import void_code
    from deploy.target import read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with

    asyncio.run(void_code(read_kafka(os.environ), codec_with(read_registry(os.environ), None), code, reason))


@coupons.command
def new_key() -> None:
    """Add a key: codes of coupons that are earned from now on are made with it. Bring the file to every worker.

    The file is FOOTPATH_COUPON_KEY_FILE, else that of the stack in FOOTPATH_DATA.
    """
    from deploy.operate.coupons.key_file import create_coupon_key
    from deploy.target import read_coupon_key_file

    print(create_coupon_key(read_coupon_key_file(os.environ)))


COMMAND = Command(coupons, USE_IT)
