"""The languages that a browser asks for."""

from typing import Final

MAX_HEADER_CHARS: Final = 500


def wanted_languages(accept_language: str) -> list[str]:
    """The languages that a browser asks for, the most wanted first (RFC 9110, 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:MAX_HEADER_CHARS].split(","):
        tag, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=").strip()
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            wanted = 0.0
        if (tag := tag.strip().lower()) and 0 < wanted <= 1:
            found.append((-wanted, tag))
    # Sorted by weight alone: of equal ones the first counts.
    return [tag for _, tag in sorted(found, key=lambda one: one[0])]
