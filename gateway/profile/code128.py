"""Code 128 (ISO/IEC 15417): a text of printable ASCII as the widths of bars and spaces."""

from collections.abc import Iterator
from typing import Final

_WIDTHS: Final = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211"
    "221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113"
    "132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121"
    "312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211"
    "221114413111241112134111111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141"
    "114113114311411113411311113141114131311141411131211412211214211232"
)
"""Of symbols 0 to 105, six modules' widths each: a bar, a space, and so on."""
_STOP: Final = "2331112"
_TO_B, _TO_C, _START_B, _START_C = 100, 99, 104, 105
QUIET_ZONE: Final = 10
"""Modules of the light colour on either side."""


def widths(text: str) -> tuple[int, ...]:
    """Widths in modules, a bar first, without the quiet zones. :raises ValueError: another character, or none."""
    symbols = [*_symbols(text)]
    check = (symbols[0] + sum(place * symbol for place, symbol in enumerate(symbols[1:], 1))) % 103
    drawn = "".join(_WIDTHS[6 * symbol : 6 * symbol + 6] for symbol in (*symbols, check)) + _STOP
    return tuple(map(int, drawn))


def _symbols(text: str) -> Iterator[int]:
    """The start symbol and what follows. Runs of digits take half the room in code set C."""
    if not text or not all(" " <= letter <= "~" for letter in text):
        raise ValueError("only printable ASCII can be drawn")
    at, is_c = 0, False
    while at < len(text):
        digits = _digits(text, at)
        pays = digits >= (4 if at in (0, len(text) - digits) else 6) or digits == len(text) == 2
        if pays and not is_c and digits % 2 and at:
            yield ord(text[at]) - 32  # an odd run: its first digit stays in set B
            at, digits = at + 1, digits - 1
        wants_c = pays or (is_c and digits >= 2)
        if not at:
            yield _START_C if wants_c else _START_B
        elif wants_c != is_c:
            yield _TO_C if wants_c else _TO_B
        is_c = wants_c
        if is_c:
            for place in range(at, at + digits - digits % 2, 2):
                yield int(text[place : place + 2])
            at += digits - digits % 2
        else:
            yield ord(text[at]) - 32
            at += 1


def _digits(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return end - at
