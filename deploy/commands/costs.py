"""What campaigns cost."""

import os
from pathlib import Path

from deploy.errors import Refused


def costs(*files: Path, give_up_after: float = 300.0) -> int:
    """Tell what campaigns cost, so that views say what they were worth: SELECT * FROM campaign_value(…).

    A file is CSV in UTF-8 with a header: day,campaign,channel,placement,store,amount,currency. day is 2026-03-01 (UTC),
    amount a decimal such as 120.50; day, campaign and amount are needed, the brand's currency is meant when none is
    given. The latest statement of the same day, campaign, channel, placement and store counts, so a file may be sent
    again, and corrected. Rows that are refused go to FILE.rejected.csv with line and reason; the exit code is then 2.
    The key (FOOTPATH_API_KEY) needs the scope events:costs or events:write.

    For example: footpath costs march.csv

    Parameters
    ----------
    files
        One or more files.
    give_up_after
        Seconds that the gateway may go without taking anything.
    """
    import asyncio

    from deploy.costing.run import send_costs
    from deploy.target import read_target

    if not files:
        raise Refused("costs needs a CSV file")
    target, code = read_target(os.environ), 0
    for file in files:
        summary = asyncio.run(send_costs(file, target, give_up_after))
        print(summary)
        code = 2 if summary.rejected else code
    return code
