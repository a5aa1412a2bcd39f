"""The entry point of the command line: builds the application from the discovered commands and runs it."""

import os
import sys

from cyclopts import App, CycloptsError

from deploy.cli.discovery import find_commands
from schemas.kafka.client_settings import PREFIX
from schemas.process.errors import OperatorError
from schemas.topics import set_prefix


def build_app() -> App:
    """The application with every command of `deploy/cli`. :raises CommandFileError: a file there declares none."""
    app = App(
        name="footpath",
        help="Touchpoints in the physical world become events, answers, rewards and attribution.",
        help_format="plaintext",
        version_flags=[],
    )
    for name, command in find_commands():
        if isinstance(command.run, App):
            command.run.group = command.group
            app.command(command.run, name=name)
        else:
            app.command(command.run, name=name, group=command.group)
    return app


def main() -> None:
    """Runs the command of `sys.argv` and exits with its code.

    An `OperatorError` is printed in one line on standard error and ends with exit code 1; any other exception is a bug
    and shows its traceback.
    """
    try:
        set_prefix(PREFIX.read(os.environ) or "")
        build_app()(exit_on_error=False)
    except CycloptsError:  # cyclopts has printed it; its own exit code 2 would mean rejected lines to `footpath import`
        sys.exit(1)
    except OperatorError as error:
        print(f"footpath: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of standard output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
