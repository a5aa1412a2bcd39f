"""The sections of the report, one file each: every module here that has a `SECTION` is a part of the page."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sinks.analysis.report.section import Section


def discover() -> tuple[Section, ...]:
    """The sections of all modules in this package by their position on the page.

    :raises TypeError: a module has no `SECTION`. :raises ValueError: two modules have the same id or position.
    """
    found: list[Section] = []
    for module in iter_modules(__path__):
        section = getattr(import_module(f"{__name__}.{module.name}"), "SECTION", None)
        if not isinstance(section, Section):
            raise TypeError(f"{module.name}.py must have SECTION, a Section")
        for other in found:
            if section.id == other.id or section.position == other.position:
                raise ValueError(f"{module.name}.py has the id or position of section {other.id}")
        found.append(section)
    return tuple(sorted(found, key=lambda section: section.position))


SECTIONS: Final = discover()
