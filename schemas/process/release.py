"""Which release of Footpath runs, for the metric ``footpath_build_info`` that every process has."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final

BUILD_INFO: Final = ("footpath_build_info", "1, with the process and its release.", ("process", "version"))
"""Name, meaning and labels of the metric."""


def release() -> str:
    """The version of the installed package."""
    try:
        return version("footpath")
    except PackageNotFoundError:
        return "unknown"
