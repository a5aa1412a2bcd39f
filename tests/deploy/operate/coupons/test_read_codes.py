"""Files of codes: what is read, and what is wrong on which line."""

from pathlib import Path

import pytest

from deploy.operate.coupons.key_file import create_coupon_key
from deploy.operate.coupons.read_codes import ImportedCode, read_codes
from schemas.coupons.keys import read_coupon_keys
from schemas.process.errors import OperatorError
from tests.support.command_line import footpath


def written(folder: Path, text: str) -> Path:
    file = folder / "codes.csv"
    file.write_bytes(text.encode())
    return file


def test_codes_are_read_as_tills_read_them(tmp_path: Path) -> None:
    text = "\ufeffCode,expires_at\r\nspring-oil,\r\n\r\n4006381333931,2026-12-31T23:59:59+01:00\r\n"
    codes, faults = read_codes(written(tmp_path, text))
    assert codes == [ImportedCode("SPR1NG011"), ImportedCode("4006381333931", 1_798_757_999_000_000)] and not faults


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    text = "code,expires_at\nA-1\na 1\nB/2\nC,tomorrow\nD,2026-12-31T23:59:59\nE,,\n"
    file = written(tmp_path, text)
    codes, faults = read_codes(file)
    assert [one.code for one in codes] == ["A1"]
    assert [fault.removeprefix(f"{file}:").partition(":")[0] for fault in faults] == ["3", "4", "5", "6", "7"]
    assert faults[0].endswith("code 'a 1' is that of line 2, as tills read it")
    done = footpath("coupons", "import", "flyer", str(file))
    assert done.returncode == 2 and done.stdout.splitlines() == faults


@pytest.mark.parametrize("text", ["", "codes\n1\n", "code;expires_at\n"])
def test_another_header_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(OperatorError, match="the first line must be the header code,expires_at"):
        read_codes(written(tmp_path, text))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_bytes(b"code\n\xff\n")
    with pytest.raises(OperatorError, match="UTF-8"):
        read_codes(tmp_path / "codes.csv")


def test_a_new_key_counts_from_now_on(tmp_path: Path) -> None:
    file = tmp_path / "coupon.keys"
    first = create_coupon_key(file)
    second = footpath("coupons", "new-key", FOOTPATH_COUPON_KEY_FILE=str(file)).stdout.strip()
    keys = read_coupon_keys(file.read_text())
    assert [keys.at(0).id, keys.at(10**16).id] == [first, second] and file.stat().st_mode & 0o77 == 0
