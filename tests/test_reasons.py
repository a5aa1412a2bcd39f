"""Reasons are written as text in schemas/reasons.py and nowhere else."""

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import msgspec

from schemas.reasons import DropReason, EdgeReason, MissReason, RejectReason

ROOT = Path(__file__).parent.parent
ROOMS = ("schemas", "gateway", "processors", "sinks", "deploy")
TEXTS = {reason.value for reasons in (RejectReason, EdgeReason, MissReason) for reason in reasons}
TAKES_A_REASON = {"Reject", "Drop", "Undecodable", "reject_record", "ScanMissed", "EventRejected"}
OTHER_MEANINGS = {("rejects.py", "invalid"), ("link.py", "invalid"), ("assignment.py", "no_consent")} | {
    ("staff_handler.py", "invalid"), ("staff_handler.py", "too_many")
}  # fmt: skip
"""File and text: the type that stands before the hash of an identifier whose own type cannot be used, a top-level
domain (RFC 6761), why somebody takes no part in an experiment, and names of a page's texts."""


def literals(file: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that is a reason, or stands where a reason is taken."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and node.value in TEXTS:
            yield node.lineno, str(node.value)
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            named = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            first = node.args[:1] if name in TAKES_A_REASON - {"reject_record"} else []
            for given in (*named, *first):
                if isinstance(given, ast.Constant) and given.value and name in TAKES_A_REASON:
                    yield given.lineno, str(given.value)


def test_no_reason_is_written_as_a_literal() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text!r}"
        for room in ROOMS
        for file in sorted((ROOT / room).rglob("*.py"))
        if file != ROOT / "schemas" / "reasons.py"
        for line, text in literals(file)
        if (file.name, text) not in OTHER_MEANINGS
    ]
    assert not found


def test_a_reason_is_its_text_wherever_it_is_written() -> None:
    for reason in (*RejectReason, *EdgeReason, *MissReason, *DropReason):
        text = reason.value
        assert reason == text and hash(reason) == hash(text) and f"{reason}" == text
        assert reason.encode() == text.encode()
        assert msgspec.msgpack.encode(reason) == msgspec.msgpack.encode(text)
        assert pickle.loads(pickle.dumps(reason)) is reason
