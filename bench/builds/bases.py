"""The base images, made of Debian's packages: `slim`, and `compiler` on top of it.

Every cold build gets base images that no daemon has seen. A layer is one large part, made once, and one small part with
a file that tells the copies apart: members of one gzip file, and pieces of one tar file.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from bootstrap import debian
from bootstrap.layout import Layout

SLIM, COMPILER = "slim", "compiler"
COMPILER_PACKAGES = ("gcc", "libc6-dev", "make")
LEFT_OUT = (
    "./usr/bin/docker",
    "./usr/libexec/docker",
    "./usr/lib/git-core",
    "./usr/bin/git",
    "./usr/bin/scalar",
    "./usr/share/perl",
    "./usr/lib/x86_64-linux-gnu/perl",
    *(f"./usr/{name}lto" for name in ("bin/x86_64-linux-gnu-", "libexec/gcc/x86_64-linux-gnu/14/")),
    *(
        f"./usr/lib/{folder}/lib{name}san"
        for folder in ("x86_64-linux-gnu", "gcc/x86_64-linux-gnu/14")
        for name in ("a", "hwa", "l", "t", "ub")
    ),
)
"""What an image of the size of the official slim one, or a C compiler, does not need: what begins like this."""
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer as a registry keeps it: to iterate over, and with the length of, its compressed bytes."""

    bulk: Path
    end: bytes
    digest: str
    diff_id: str
    size: int

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        with self.bulk.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        yield self.end


class _Hashing:
    """A file that hands on what is written to it, and hashes it."""

    def __init__(self, target: Any) -> None:  # noqa: ANN401  anything that can be written to
        self.digest = hashlib.sha256()
        self.size = 0
        self._target = target

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        self._target.write(data)
        return len(data)

    def tell(self) -> int:
        return self.size


class Bulk:
    """The large part of a layer, compressed into a file."""

    def __init__(self, file: Path, members: Iterable[tuple[tarfile.TarInfo, Any]]) -> None:
        self._file = file
        with file.open("wb") as raw:
            compressed = _Hashing(raw)
            with gzip.GzipFile(
                fileobj=cast(IO[bytes], compressed), mode="wb", compresslevel=6, mtime=0
            ) as zipped:
                plain = _Hashing(zipped)
                # It is never closed: what would end the tar file comes with the small part.
                tar = tarfile.TarFile(fileobj=cast(IO[bytes], plain), mode="w", format=tarfile.PAX_FORMAT)
                for member, content in members:
                    tar.addfile(member, content)
        self._plain, self._compressed = plain.digest, compressed.digest
        self._size = compressed.size

    def layer(self, mark: str) -> Layer:
        """A layer that differs from every other by its mark."""
        small = io.BytesIO()
        with tarfile.TarFile(fileobj=small, mode="w", format=tarfile.PAX_FORMAT) as tar:
            info = tarfile.TarInfo(f"./etc/bench-{mark}")
            tar.addfile(info)
        end = gzip.compress(small.getvalue(), mtime=0)
        plain, compressed = self._plain.copy(), self._compressed.copy()
        plain.update(small.getvalue())
        compressed.update(end)
        return Layer(
            bulk=self._file,
            end=end,
            digest=f"sha256:{compressed.hexdigest()}",
            diff_id=f"sha256:{plain.hexdigest()}",
            size=self._size + len(end),
        )


def _wanted(name: str) -> bool:
    return not name.startswith(LEFT_OUT)


def of_folder(folder: Path) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    """The files of a folder, as members of a tar file."""
    with tarfile.TarFile(fileobj=io.BytesIO(), mode="w", format=tarfile.PAX_FORMAT) as names:
        for path in sorted(folder.rglob("*")):
            name = f"./{path.relative_to(folder)}"
            if not _wanted(name):
                continue
            info = names.gettarinfo(path, name)
            if info.isreg():
                with path.open("rb") as content:
                    yield info, content
            else:
                yield info, None


def of_tar(file: Path) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    """The members of a tar file."""
    with tarfile.open(file) as tar:
        for member in tar:
            if _wanted(member.name if member.name.startswith("./") else f"./{member.name}"):
                yield member, tar.extractfile(member) if member.isreg() else None


def make(places: Layout, folder: Path) -> dict[str, Bulk]:
    """Both base images' large parts, in files of the folder."""
    added = debian.layer(places, "bench", COMPILER_PACKAGES)
    return {
        SLIM: Bulk(folder / "slim.gz", of_folder(debian.base_tree(places))),
        COMPILER: Bulk(folder / "compiler.gz", of_tar(added)),
    }
