"""A tree as a layer: the same bytes for the same tree, wherever and whenever it is made."""

import gzip
import io
import tarfile
from collections.abc import Iterable

from tree import Entry, Kind

_TYPES = {Kind.DIRECTORY: tarfile.DIRTYPE, Kind.FILE: tarfile.REGTYPE, Kind.LINK: tarfile.SYMTYPE}


def tar(entries: Iterable[Entry], time_s: int) -> bytes:
    """Every entry has this time, and numbers for its owner."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            member = tarfile.TarInfo(entry.path)
            member.type = _TYPES[entry.kind]
            member.mode = entry.mode
            member.uid = member.gid = entry.owner
            member.mtime = time_s
            member.size = len(entry.data)
            member.linkname = entry.target
            archive.addfile(member, io.BytesIO(entry.data))
    return made.getvalue()


def compressed(data: bytes) -> bytes:
    """By gzip, without name and time."""
    made = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=made, mtime=0) as stream:
        stream.write(data)
    return made.getvalue()
