"""The period of everything, in one wording for commands, runs and the report."""

from typing import Final

BEGINNING: Final = "1970-01-01"
END: Final = "2106-01-01"
