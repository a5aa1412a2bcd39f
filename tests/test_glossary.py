"""GLOSSARY.md retires words: none of them comes back as an identifier, in a help text or in a document."""

import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "gateway", "processors", "sinks", "deploy", "tests")
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md", "deploy/settings.env")
FOREIGN = {" label anchor "}
"""Names of libraries."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def retired() -> Iterator[tuple[str, bool]]:
    """The words of the glossary's last column, each with whether it is retired in prose as well."""
    for line in (ROOT / "GLOSSARY.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[0] != "term" and not cells[0].startswith("---"):
            for word in filter(None, (word.strip() for word in cells[4].split(","))):
                yield word.removesuffix("*").replace("_", " "), not word.endswith("*")


def words_of(name: str) -> str:
    """``take_turn`` and ``TakeTurn`` as `` take turn ``."""
    return f" {CAMEL.sub(' ', name).replace('_', ' ').strip().lower()} "


@cache
def identifiers() -> dict[str, str]:
    """Every identifier of the code, as words, with the first place that has it."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            place = file.relative_to(ROOT)
            found.setdefault(words_of("_".join(place.with_suffix("").parts[1:])), f"{place} (its name)")
            for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
                if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                    found.setdefault(words_of(token.string), f"{place}:{token.start[0]}")
    for kind, pattern in (("sql", "sinks/store/**/*.sql"), ("avsc", "schemas/avro/*.avsc")):
        for file in sorted(ROOT.glob(pattern)):
            found.setdefault(words_of(file.stem.partition(".")[0]), f"{file.relative_to(ROOT)} (its name, {kind})")
    return found


@cache
def prose() -> dict[str, str]:
    """Documents, and the help of every command as a user reads it."""
    texts = {name: (ROOT / name).read_text() for name in DOCUMENTS}
    texts |= {
        str(file.relative_to(ROOT)): " ".join(re.findall(r'"""(.*?)"""', file.read_text(), re.DOTALL))
        for file in sorted((ROOT / "deploy" / "cli").rglob("*.py"))
    }
    return texts


@pytest.mark.parametrize("word", sorted({word for word, _ in retired()}))
def test_no_identifier_has_a_retired_word(word: str) -> None:
    again = [
        f"{name.strip()!r} at {place}"
        for name, place in identifiers().items()
        if f" {word} " in name and name not in FOREIGN
    ]
    assert not again, f"{word!r} is retired (GLOSSARY.md): {'; '.join(again[:10])}"


@pytest.mark.parametrize("word", sorted({word for word, in_prose in retired() if in_prose}))
def test_no_document_or_help_text_has_a_retired_word(word: str) -> None:
    pattern = re.compile(rf"\b{word.replace(' ', '[ _-]')}s?\b", re.IGNORECASE)
    again = [f"{place}: {found[0]}" for place, text in prose().items() if (found := pattern.search(text))]
    assert not again, f"{word!r} is retired (GLOSSARY.md): {'; '.join(again)}"


def test_the_glossary_retires_something_and_explains_each_term_once() -> None:
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)
    named = [term for term in terms if term != "term" and not term.startswith("---")]
    assert len(list(retired())) > 20 and len(named) == len(set(named))


def test_the_check_sees_a_retired_word() -> None:
    assert words_of("take_turn") == words_of("TakeTurn") == " take turn "
    assert words_of("HTTPServer") == " http server "
