"""`footpath settings`: the settings reference."""

from deploy.cli import SET_IT_UP, Command


def settings() -> None:
    """Print every setting with its meaning and its default, as an environment file."""
    from deploy.settings_reference import reference

    print(reference(), end="")


COMMAND = Command(settings, SET_IT_UP)
