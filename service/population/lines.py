"""Lines: the lines of a file or of a part of it, each with the offset where it begins, compressed or not.

An offset is counted in bytes in the text as it is after decompression. A part of a file begins with the first line that
begins in it and ends with the last such line, so that parts next to each other hold every line once.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

CHUNK = 1 << 18
"""So much is read at once that it and what is made of it stay near the processor: four times as much takes longer."""
_NEWLINE = b"\n"
BOM = b"\xef\xbb\xbf"


class TruncatedError(Exception):
    """Compressed data that ends early or is damaged; ``offset`` is how far the text could be read."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__("the compressed data ends early or is damaged")


def opened(path: Path, compression: str) -> IO[bytes]:
    """A file opened for reading its text."""
    if compression == "gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "zst":
        import pyarrow as pa

        return cast("IO[bytes]", io.BufferedReader(_Zstandard(pa.input_stream(str(path), compression="zstd"))))
    return path.open("rb")


class _Zstandard(io.RawIOBase):
    """A stream of Arrow as Python's own readers want it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._stream.close()
        super().close()


def chunks_of(
    path: Path, compression: str, start: int = 0, end: int | None = None, on_read: Callable[[bytes], object] = len
) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in the part, many at once: the offset of the first, and their text without the last newline.

    ``on_read`` is called with the text as it is read, of a whole file with all of it. Raises TruncatedError after the
    last whole line where compressed data ends early.
    """
    with opened(path, compression) as file:
        offset = start
        if start:
            file.seek(start - 1)
            offset += len(file.readline()) - 1
        held: list[bytes] = []
        while end is None or offset < end:
            chunk = _read(file, offset + sum(map(len, held)))
            on_read(chunk)
            last = chunk.rfind(_NEWLINE)
            if chunk and last < 0:
                # A long line is put together once, when its end is there.
                held.append(chunk)
                continue
            text = b"".join((*held, memoryview(chunk)[: max(last, 0)]))
            # The last line of the part is the one in which it ends.
            if end is not None and (over := text.find(_NEWLINE, end - 1 - offset)) >= 0:
                text = text[:over]
            if text or chunk:
                yield offset, text
            if not chunk:
                return
            offset += len(text) + 1
            held = [chunk[last + 1 :]]


def lines_of(path: Path, compression: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The offset and the text of every line that begins in the part, without its newline.

    Raises TruncatedError after the last whole line where compressed data ends early.
    """
    for offset, text in chunks_of(path, compression, start, end):
        at = offset
        for line in text.split(_NEWLINE):
            yield at, line
            at += len(line) + 1


def ends_of_objects(chunk: bytes) -> list[int]:
    """Where each line of some ends, when each begins and ends as an object does; else nothing."""
    if not chunk.startswith(b"{") or not chunk.endswith(b"}"):
        return []
    ends, end = list[int](), chunk.find(_NEWLINE)
    while end >= 0:
        if chunk[end - 1 : end + 2] != b"}\n{":
            return []
        ends.append(end)
        end = chunk.find(_NEWLINE, end + 2)
    ends.append(len(chunk))
    return ends


def _read(file: IO[bytes], offset: int) -> bytes:
    try:
        # One read at a time, so that what comes before damaged data is not lost with it.
        return cast("io.BufferedReader", file).read1(CHUNK)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise TruncatedError(offset) from None
    except OSError as error:
        # What Arrow raises for damaged data carries no error number of the system.
        if error.errno is None:
            raise TruncatedError(offset) from None
        raise


def text_lines(path: Path) -> Iterator[bytes]:
    """The lines of a whole file that are not blank."""
    compression = path.suffix[1:] if path.suffix in (".gz", ".zst") else ""
    yield from (line for _, line in lines_of(path, compression) if line.strip())


def whole(path: Path, compression: str) -> bytes:
    """The text of a whole file. Raises TruncatedError where compressed data ends early."""
    if not compression:
        return path.read_bytes()
    with opened(path, compression) as file:
        parts, offset = [], 0
        while chunk := _read(file, offset):
            parts.append(chunk)
            offset += len(chunk)
        return b"".join(parts)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as it stands on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
