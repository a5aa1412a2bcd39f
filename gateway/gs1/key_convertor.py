"""The part of a route's path that is a primary key of GS1."""

from starlette.convertors import Convertor

from schemas.gs1.dictionary import primary_keys
from schemas.gs1.digital_link import ALPHAS


class Gs1KeyConvertor(Convertor[str]):
    """A primary key of GS1, by its digits or its old name, perhaps below a path of up to four steps."""

    regex = rf"(?:[^/]+/){{0,4}}(?:{'|'.join((*primary_keys(), *ALPHAS))})"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value
