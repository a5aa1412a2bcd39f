"""`footpath costs`: what campaigns cost."""

import os
from pathlib import Path

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError


def costs(*files: Path, give_up_after: float = 300.0) -> int:
    """Send the costs of campaigns to the gateway; the view campaign_value compares them with revenue.

    A file is CSV in UTF-8 with a header: day,campaign,channel,placement,store,amount,currency. day is 2026-03-01 (UTC),
    amount a decimal such as 120.50; day, campaign and amount are required, currency is the brand's by default. For the
    same day, campaign, channel, placement and store the latest row counts, so a file may be sent again, and corrected.
    Rejected rows are written to FILE.rejected.csv with line and reason; the exit code is then 2. The key
    (FOOTPATH_API_KEY) needs the scope events:costs or events:write.

    For example: footpath costs march.csv

    Parameters
    ----------
    files
        One or more CSV files.
    give_up_after
        Time without any accepted request after which the command gives up, in seconds.
    """
    from deploy.operate.costs.rows import Costs
    from deploy.operate.csv_file.send import send_files
    from deploy.target import read_target

    if not files:
        raise OperatorError("costs needs a CSV file")
    return send_files(files, read_target(os.environ), give_up_after, Costs)


COMMAND = Command(costs, USE_IT)
