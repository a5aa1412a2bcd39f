"""`footpath tag-keys`: the keys that sign the links of tags."""

import os
from pathlib import Path

from cyclopts import App

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError

tag_keys = App(name="tag-keys", help="Keys of signed links, chips and screens: list, create, retire, those of a chip.")


@tag_keys.command(name="list")
def list_() -> None:
    """Print the ids and states of the keys.

    The file is FOOTPATH_TAG_KEY_FILE, else that of the stack in FOOTPATH_DATA.
    """
    from deploy.operate.tag_key_file import tag_keys as keys_in

    for key in keys_in(_file()):
        print(key.id, key.state)


@tag_keys.command
def create(*, accept_days: int = 365) -> None:
    """Create a key, which signs from now on. Bring the file to every gateway before anything is printed with it.

    Parameters
    ----------
    accept_days
        For so long scans of what the earlier key signed are accepted, with less trust; then they are refused.
    """
    from deploy.operate.tag_key_file import create_tag_key

    if accept_days < 0:
        raise OperatorError(f"--accept-days {accept_days}: must be 0 or more")
    print(create_tag_key(_file(), accept_days))


@tag_keys.command
def retire(*ids: str) -> None:
    """Retire keys: scans of what they signed are refused from now on, and their bytes leave the file.

    Parameters
    ----------
    ids
        Ids as `footpath tag-keys list` prints them.
    """
    from deploy.operate.tag_key_file import retire_tag_keys

    if not ids:
        raise OperatorError("retire needs the id of a key")
    retire_tag_keys(_file(), ids)


@tag_keys.command
def chip(tag: str, uid: str, *, brand: Path | None = None) -> None:
    """Print what an NTAG 424 DNA chip of a tag is personalised with: its link, and the keys of SDM.

    Parameters
    ----------
    tag
        Id of a tag with `security: ntag424`.
    uid
        UID of the chip: 14 hex digits.
    brand
        Directory with the brand's YAML files (FOOTPATH_BRAND, default: the demo brand).
    """
    from deploy.environment import brand_dir
    from deploy.operate.chip import chip_of
    from deploy.target import read_tag_keys

    for name, value in chip_of(brand_dir(brand), tag, uid, read_tag_keys(os.environ)).items():
        print(f"{name}: {value}")


def _file() -> Path:
    from deploy.target import read_tag_key_file

    return read_tag_key_file(os.environ)


COMMAND = Command(tag_keys, USE_IT)
