"""A chart as a self-contained SVG: drawn without the network, with a title and a description."""

import re
from typing import Final
from xml.etree import ElementTree

import vl_convert

from sinks.analysis.report.section import Drawing
from sinks.analysis.report.theme import CONFIG

WIDTHS: Final = (680, 330)
"""Widths of a chart on a desktop and on a phone, in pixels."""

_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_KEPT: Final = frozenset(
    {
        *("d", "x", "y", "x1", "x2", "y1", "y2", "r", "cx", "cy", "width", "height", "viewBox", "points", "id"),
        *("transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity"),
        *("stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "clip-path", "display"),
        *("font-family", "font-size", "font-weight", "font-style", "text-anchor"),
    }
)


def draw(drawing: Drawing, name: str, title: str, description: str) -> str:
    """The chart as an SVG element for a page.

    :param name: unique on the page; ids inside the SVG begin with it.
    """
    specification = drawing.to_dict(validate=False)
    specification["config"] = CONFIG
    svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return accessible(svg, name, title, description)


def accessible(svg: str, name: str, title: str, description: str) -> str:
    """The SVG with title and description, with unique ids, and only with the attributes in _KEPT."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key: _REFERENCE.sub(rf"url(#{name}-\1)", value) if key != "id" else f"{name}-{value}"
            for key, value in element.attrib.items()
            if key in _KEPT
        }
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-description"}
    for at, (tag, text) in enumerate((("title", title), ("desc", description))):
        child = ElementTree.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'description'}"})
        child.text = text
        root.insert(at, child)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
