"""Three independent readers of QR codes: zxing-cpp (ZXing in C++), quirc, and qrdec, the reader of ZBar."""

from collections.abc import Callable

import deqr
import zxingcpp
from PIL import Image

Reader = Callable[[Image.Image], list[str]]


def _zxing(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def _quirc(picture: Image.Image) -> list[str]:
    return _texts(deqr.QuircDecoder(), picture)


def _qrdec(picture: Image.Image) -> list[str]:
    return _texts(deqr.QRdecDecoder(), picture)


def _texts(decoder: deqr.QuircDecoder | deqr.QRdecDecoder, picture: Image.Image) -> list[str]:
    """The bytes of each code's segments as ASCII: beyond it each reader would guess an encoding of its own."""
    grey = picture.convert("L")
    codes = decoder.decode(deqr.image.ImageLoader(grey), convert_data=False)
    return ["".join(bytes(part.data).decode("ascii") for part in code.data_entries) for code in codes]


READERS: dict[str, Reader] = {"zxing-cpp": _zxing, "quirc": _quirc, "qrdec": _qrdec}
