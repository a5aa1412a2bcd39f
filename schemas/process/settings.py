"""The settings reader. A setting is an environment variable that is declared once; the settings of a process are a
frozen dataclass:

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        flush_rows: int = setting("FOOTPATH_SINK_FLUSH_ROWS", whole_number(1, unit="rows"), "100000", "Rows …")

    settings = read_settings(Settings, os.environ)

A variable that is missing, empty or blank counts as not set. ``footpath settings`` prints the declarations.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, overload

from schemas.process.errors import OperatorError
from schemas.process.parsers import Parser

T = TypeVar("T")
U = TypeVar("U")
S = TypeVar("S")

_KEY: Final = "setting"
_DERIVED: Final = "derived"
_BLOCK: Final = "block"
_NOTHING: Final = object()


class SettingError(OperatorError):
    """A setting that cannot be used; the message begins with its name and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One environment variable.

    ``default`` is the text that stands for a variable that is not set, empty when there is none; ``meaning`` explains
    the setting to an operator; the value of a ``secret`` one is never shown.
    """

    name: str
    parser: Parser[T]
    default: str
    meaning: str
    secret: bool = False

    def value(self, text: str) -> T:
        """The parsed text. :raises SettingError: it is not allowed."""
        try:
            return self.parser.parse(text)
        except OSError as error:
            why = error.strerror
        except ValueError:
            why = f"must be {self.parser.allowed}"
        raise SettingError(f"{self.name}={'…' if self.secret else text}: {why}")

    def read(self, environ: Mapping[str, str]) -> T | None:
        """The value in ``environ``, None when it is not set. :raises SettingError: its text is not allowed."""
        text = environ.get(self.name, "").strip()
        return self.value(text) if text else None

    def read_or_default(self, environ: Mapping[str, str]) -> T:
        """The same, where the default stands for what is not set. :raises SettingError: there is neither."""
        text = environ.get(self.name, "").strip() or self.default
        if not text:
            raise SettingError(f"{self.name} is not set: {self.meaning}")
        return self.value(text)


@overload
def setting(
    name: str, parser: Parser[T], default: str, meaning: str, *, secret: bool = ..., derived: bool = ...
) -> T: ...
@overload
def setting(name: str, parser: Parser[T], default: str, meaning: str, *, unset: U, secret: bool = ...) -> T | U: ...
def setting(
    name: str,
    parser: Parser[Any],
    default: str,
    meaning: str,
    *,
    unset: Any = _NOTHING,
    secret: bool = False,
    derived: bool = False,
) -> Any:
    """Declares a field of a settings dataclass; the field's default is the parsed ``default``. A setting whose
    ``default`` is empty must be set, unless it has one of the following.

    :param unset: the field's value when the variable is not set.
    :param derived: the process derives the value from other settings when the variable is not set.
    """
    return _field(Setting(name, parser, default, meaning, secret), unset, derived)


@overload
def use(declared: Setting[T]) -> T: ...
@overload
def use(declared: Setting[T], *, unset: U) -> T | U: ...
def use(declared: Setting[Any], *, unset: Any = _NOTHING) -> Any:
    """A field for a setting that several processes share; each may have an ``unset`` value of its own."""
    return _field(declared, unset, derived=False)


def block(settings: type[Any]) -> Any:
    """A field for settings that belong together: they are read into a dataclass of their own."""
    metadata = {_BLOCK: settings}
    if any(field.default is dataclasses.MISSING for field in dataclasses.fields(settings)):
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default_factory=settings, metadata=metadata)


def _field(declared: Setting[Any], unset: Any, derived: bool) -> Any:
    if unset is _NOTHING and declared.default:
        unset = declared.value(declared.default)
    metadata = {_KEY: declared, _DERIVED: derived}
    is_shown = not declared.secret
    if unset is _NOTHING:
        return dataclasses.field(metadata=metadata, repr=is_shown)
    return dataclasses.field(default=unset, metadata=metadata, repr=is_shown)


def settings_of(settings: type[Any]) -> tuple[Setting[Any], ...]:
    """The settings that a dataclass declares or uses, in the order of its fields; those of a block at its place."""
    found: list[Setting[Any]] = []
    for field in dataclasses.fields(settings):
        if _KEY in field.metadata:
            found.append(field.metadata[_KEY])
        elif _BLOCK in field.metadata:
            found += settings_of(field.metadata[_BLOCK])
    return tuple(found)


def read_values(settings: type[Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The values of the fields whose variables are set, for a class that derives others from them.

    :raises SettingError: the first variable that cannot be used, or that must be set and is not.
    """
    values = {}
    for field in dataclasses.fields(settings):
        if _BLOCK in field.metadata:
            values[field.name] = read_settings(field.metadata[_BLOCK], environ)
        if (declared := field.metadata.get(_KEY)) is None:
            continue
        required = field.default is dataclasses.MISSING and not field.metadata[_DERIVED]
        if required or environ.get(declared.name, "").strip():
            values[field.name] = declared.read_or_default(environ)
    return values


def read_settings(settings: type[S], environ: Mapping[str, str]) -> S:
    """The settings of a process. :raises SettingError: as ``read_values``."""
    return settings(**read_values(settings, environ))


def read_secret(setting: Setting[Path], file: Path) -> str:
    """What stands in a file that a setting names, now: another process may have replaced it.

    :raises SettingError: it cannot be read any more.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(f"{setting.name}={file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingError(f"{setting.name}={file}: is no text") from None
