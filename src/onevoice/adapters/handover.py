"""Hand-over to a print house by folder: a batch is there whole, PDF and manifest, or not at all."""

import os
from pathlib import Path

from onevoice.deliver.channels.printhouse import Printhouse

PDF, MANIFEST = "cards.pdf", "manifest.csv"


class Handover:
    """A folder with one folder a batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, batch: str, pdf: bytes, manifest: bytes) -> Path:
        """
        Place a batch durably and return its folder; a batch of that name that is there already stays as it is.

        The folder gets its name last, so a crash leaves either all of the batch or an unnamed rest that nobody reads.
        """
        done = self.folder / batch
        if done.exists():
            return done
        making = self.folder / f".{batch}.making"
        making.mkdir(parents=True, exist_ok=True)
        for name, data in ((PDF, pdf), (MANIFEST, manifest)):
            with (making / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        making.rename(done)
        return done

    def batches(self) -> list[Path]:
        """Return the batches that were handed over, oldest first."""
        if not self.folder.exists():
            return []
        found = [path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def find(self, piece: str) -> str:
        """Return the batch that holds a piece, or nothing: proof that it was, or was not, handed over."""
        for batch in self.batches():
            if piece in Printhouse().pieces((batch / MANIFEST).read_bytes()):
                return batch.name
        return ""
