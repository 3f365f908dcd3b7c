"""Writes what the connect form was given into the config file, leaving the rest of the file as it is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def save_connection(path: Path, url: str, api_key: str, client: str) -> None:
    """Set url, key and client in the config at `path`; the file is readable by its owner alone.

    Raises:
        OSError: it can't be written.
        ValueError: the file that is there is no TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = path.resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except TOMLKitError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    document["url"] = url
    document["api_key"] = api_key
    if client:
        document["client"] = client
    else:
        document.pop("client", None)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)  # what could not be put in place holds the key
