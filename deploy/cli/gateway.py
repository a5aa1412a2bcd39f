"""`footpath gateway`: the HTTP process."""

from deploy.cli import RUN_IT, Command


def gateway() -> None:
    """Run the gateway: HTTP for phones, tills, beacons and web pages."""
    from gateway.serve import main as serve

    serve()


COMMAND = Command(gateway, RUN_IT)
