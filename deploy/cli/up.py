"""`footpath up`: the embedded stack."""

import os
from pathlib import Path

from deploy.cli import TRY_IT, Command
from schemas.process.errors import OperatorError


def up(
    *, data: Path | None = None, brand: Path | None = None, shoppers: int | None = None, workers: int | None = None
) -> int:
    """Start Kafka, ClickHouse and every process of Footpath on this machine, and keep them running until Ctrl-C.

    Parameters
    ----------
    data
        Directory that holds all data of this stack (FOOTPATH_DATA, default .footpath).
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: a demo brand).
    shoppers
        Number of simulated shoppers (FOOTPATH_SHOPPERS, default 20); 0 starts none.
    workers
        Number of worker processes for each processor (FOOTPATH_WORKERS, default 1).
    """
    from deploy.local import settings, stack
    from deploy.operate.client_logs import silence_client_logs
    from schemas.process.settings import SettingError

    silence_client_logs()
    try:
        chosen = settings.read(os.environ, data, brand, shoppers, workers)
    except SettingError as error:
        raise OperatorError(str(error)) from None
    return stack.up(chosen)


COMMAND = Command(up, TRY_IT)
