"""deploy/settings.env lists every setting that some process reads, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"FOOTPATH_[A-Z]+(?:_[A-Z]+)*\b(?!_)")


def test_the_reference_lists_what_the_code_reads() -> None:
    reference = (ROOT / "deploy" / "settings.env").read_text()
    listed = re.findall(r"^(FOOTPATH_[A-Z_]+)=", reference, re.MULTILINE)
    sources = [
        p for room in ("schemas", "gateway", "processors", "sinks", "deploy") for p in (ROOT / room).rglob("*.py")
    ]
    read = {name for source in sources for name in NAME.findall(source.read_text())}
    assert sorted(listed) == sorted(set(listed)), "a setting is listed twice"
    assert set(listed) == read


def test_every_setting_is_explained() -> None:
    blocks = re.split(r"\n(?=#)", (ROOT / "deploy" / "settings.env").read_text())
    for block in blocks:
        if "FOOTPATH_" in block:
            assert block.lstrip().startswith("#"), block
