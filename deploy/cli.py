"""The command line."""

import os
import sys

from cyclopts import App, CycloptsError

from deploy.commands import RUN_IT, TRY_IT, USE_IT, run_it, set_it_up, try_it, use_it
from deploy.commands.attribute import attribute
from deploy.commands.costs import costs
from deploy.commands.identity import identity
from deploy.commands.replay import replay
from deploy.commands.report import report
from deploy.errors import Refused

app = App(
    name="footpath",
    help="Touchpoints in the physical world become events, answers, rewards and attribution.",
    help_format="plaintext",
    version_flags=[],
)
app.command(try_it.up, group=TRY_IT)
app.command(try_it.shoppers, group=TRY_IT)
app.command(run_it.gateway, group=RUN_IT)
app.command(run_it.worker, group=RUN_IT)
app.command(run_it.sink, group=RUN_IT)
for commands in (set_it_up.topics, set_it_up.store, set_it_up.brand, identity, replay):
    app.command(commands)
app.command(use_it.import_, name="import", group=USE_IT)
app.command(use_it.qr, group=USE_IT)
app.command(costs, group=USE_IT)
app.command(report, group=USE_IT)
app.command(attribute, group=USE_IT)


def main() -> None:
    """Runs the command; what a user can mend ends with one message and exit code 1, never with a traceback."""
    try:
        app(exit_on_error=False)
    except CycloptsError:  # which has told already; 2 means something else for an import
        sys.exit(1)
    except Refused as error:
        print(f"footpath: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
