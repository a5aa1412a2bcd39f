"""Systems of `make test` live for seconds: what pays off later is left out. Not in `make chaos` and `make bench`."""

JVM_FLAG = "-XX:TieredStopAtLevel=1"
"""The quick compiler alone. The thorough one takes half of the CPU time of a broker that lives for seconds."""
SETTINGS = {
    "JDK_JAVA_OPTIONS": JVM_FLAG,
    "FOOTPATH_SINK_FLUSH_AFTER_MS": "300",  # every story waits for its rows
}

_are_short = False


def make_short() -> None:
    """Called once, before the first system starts."""
    global _are_short
    _are_short = True


def jvm_flags() -> list[str]:
    """For the command of a broker, behind the program."""
    return [JVM_FLAG] if _are_short else []


def settings() -> dict[str, str]:
    """Environment variables of a whole system."""
    return SETTINGS if _are_short else {}
