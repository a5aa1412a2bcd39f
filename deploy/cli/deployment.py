"""`footpath deployment`: what all processes of a deployment agree on."""

import os

from cyclopts import App

from deploy.cli import SET_IT_UP, Command

deployment = App(help="Show or replace the identifier key that all gateways of a deployment must have.")


@deployment.command
def show() -> int:
    """Print the fingerprints of the deployment's identifier keys, and of the keys that are set here, the newest last.

    There are several while one takes the place of another. The exit code is 2 when the deployment has not all of these.
    """
    import asyncio

    from deploy.operate.client_logs import silence_client_logs
    from deploy.target import read_identifier_key, read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with
    from schemas.kafka.deployment import SETTING, fingerprints_of, read_stated

    silence_client_logs()
    own = fingerprints_of(read_identifier_key(os.environ))
    codec = codec_with(read_registry(os.environ))
    stated = asyncio.run(read_stated(read_kafka(os.environ), codec)).get(SETTING)
    print(f"deployment {stated or '(none yet: the first gateway states its own)'}\nhere       {own}")
    return 2 if stated is not None and not set(own.split()) <= set(stated.split()) else 0


@deployment.command
def accept_key() -> None:
    """Make the keys in FOOTPATH_IDENTIFIER_KEY_FILE the deployment's own: gateways with none of them do not start.

    This ends the change from one key to another, once the old one is gone from the file. Under a new key that was
    never beside the old one every identifier is unknown: people, points and visits of before stay where they are and
    belong to nobody who comes. Stop all gateways first, and start them with the new key.
    """
    import asyncio

    from deploy.operate.client_logs import silence_client_logs
    from deploy.target import read_identifier_key, read_kafka, read_registry
    from schemas.codec.schema_registry import codec_with
    from schemas.kafka.deployment import accept_key, fingerprints_of

    silence_client_logs()
    key = read_identifier_key(os.environ)
    codec = codec_with(read_registry(os.environ))
    before = asyncio.run(accept_key(read_kafka(os.environ), codec, key))
    print(f"the identifier key of this deployment is {fingerprints_of(key)} (was {before or 'none'})")


COMMAND = Command(deployment, SET_IT_UP)
