"""What a chip of a tag is personalised with (NXP AN12196, 5: SDM with encrypted PICC data)."""

from pathlib import Path

from deploy.setup.brand import check
from gateway.scan.link import link_of
from schemas.brand.tags import NTAG424
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKeys
from schemas.trust.signed import PARAMETER
from schemas.trust.sun import UID_BYTES, file_key, meta_key


def chip_of(brand_files: Path, tag_id: str, uid: str, keys: TagKeys) -> dict[str, str]:
    """Path and query of the link with zeros where the chip mirrors, and the two keys as hex digits, by name.

    :param uid: as hex digits. :raises OperatorError: no such tag of a chip, or a UID that is none.
    """
    brand = check([brand_files])
    tag, key = brand.tags.get(tag_id), keys.signing
    if tag is None or tag.security != NTAG424:
        chips = ", ".join(one.id for one in brand.tags.values() if one.security == NTAG424)
        raise OperatorError(f"{tag_id} is no tag with security: {NTAG424}; there are: {chips or 'none'}")
    try:
        number = bytes.fromhex(uid)
    except ValueError:
        number = b""
    if len(number) != UID_BYTES:
        raise OperatorError(f"{uid!r} is not {2 * UID_BYTES} hex digits, as the UID of a chip has")
    assert key is not None  # the file was read for this command
    return {
        "link": f"{link_of('', tag_id)}?{PARAMETER}={key.id}&picc_data={'0' * 32}&cmac={'0' * 16}",
        "SDM meta-read key": meta_key(key.secret, brand.about.id, tag_id).hex(),
        "SDM file-read key": file_key(key.secret, brand.about.id, tag_id, number).hex(),
    }
