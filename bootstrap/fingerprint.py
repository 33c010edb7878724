"""Keys of built parts: a part is built again exactly when something it is made from has changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(parts: Iterable[str | bytes | Path]) -> str:
    """Twelve hexadecimal digits of texts, and of files and folders by relative name and content."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            files = (
                sorted(p for p in part.rglob("*") if p.is_file() and p.suffix != ".pyc")
                if part.is_dir()
                else [part]
            )
            for file in files:
                digest.update(str(file.relative_to(part.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
        else:
            digest.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return digest.hexdigest()[:12]
