"""The file of one recording: named ``.part`` until it is whole, so that nobody takes half of one.

Blocking; called off the loop, one call at a time. What is there after a crash or on a full disk is
a valid WAV file all the same.

| resource     | acquired        | released | on failure                                    |
|--------------|-----------------|----------|-----------------------------------------------|
| ``.part``    | first ``write`` | renamed  | stays, closed: what is in it may be of worth  |
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sipagent.audio.frames import Pcm
from sipagent.audio.wav import WavWriter


class RecordingFile:
    """A stereo WAV file that appears under its name when it is whole.

    Args:
        path: Its name in the end; its folder is made if missing.
        rate_hz: Sampling rate.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self._path, self._rate_hz = path, rate_hz
        self.partial = path.with_name(f"{path.name}.part")
        """Its name until then."""
        self._writer: WavWriter | None = None

    @property
    def is_begun(self) -> bool:
        """Tell whether there is a file."""
        return self._writer is not None

    def write(self, stereo: Pcm) -> None:
        """Append interleaved samples.

        Raises:
            OSError: If they could not be written.
        """
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.partial.touch(mode=0o640)  # it holds what was said
            self._writer = WavWriter(self.partial, self._rate_hz, 2)
        self._writer.write(stereo)

    def close(self) -> None:
        """Let go of the file, whatever is in it."""
        if self._writer is not None:
            self._writer.close()

    def complete(self) -> str:
        """Close the file, give it its name, and return its SHA-256 in hexadecimal.

        Raises:
            OSError: If that was not possible.
        """
        self.close()
        with self.partial.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        self.partial.rename(self._path)
        return digest
