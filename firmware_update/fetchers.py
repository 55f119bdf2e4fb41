"""Where python-tuf gets its bytes: over HTTP within limits of size and time, or from a folder.

Neither decides anything: what they bring is believed only after python-tuf has verified it.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    SlowRetrievalError,
)
from tuf.ngclient import FetcherInterface

METADATA, TARGETS = "metadata", "targets"
"""Folders of a repository."""

_CHUNK_BYTES = 65_536


class _ScratchFetcher(FetcherInterface):
    """Downloads go to `scratch` first, and not to wherever the system keeps temporary files."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """As in FetcherInterface. OSError is then of the disk, never of the network."""
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            received = 0
            for chunk in self.fetch(url):
                received += len(chunk)
                if received > max_length:
                    raise DownloadLengthMismatchError(f"{url} is longer than {max_length} bytes")
                file.write(chunk)
            file.seek(0)
            yield file


class LimitedFetcher(_ScratchFetcher):
    """HTTP(S) without redirects, proxies or retries.

    `stall_seconds` is the longest wait for a byte; `total_seconds` is for all requests together, from now on,
    so that a trickle ends too.
    """

    def __init__(self, scratch: Path, *, stall_seconds: float, total_seconds: float) -> None:
        super().__init__(scratch)
        self._stall_seconds = stall_seconds
        self._deadline = time.monotonic() + total_seconds

    def _fetch(self, url: str) -> Iterator[bytes]:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise SlowRetrievalError(f"no time is left for {url}")
        request = _Request(url, min(self._stall_seconds, remaining))
        # A header that trickles resets every timeout of the socket; so the clock ends the connection.
        timer = threading.Timer(remaining, request.abort)
        timer.daemon = True
        timer.start()
        try:
            yield from request.chunks()
        except TimeoutError as error:
            raise SlowRetrievalError(f"{url}: nothing came for {self._stall_seconds:g} s") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if request.aborted:
                raise SlowRetrievalError(f"{url}: it took too long") from error
            raise DownloadError(f"{url}: {error or type(error).__name__}") from error
        finally:
            timer.cancel()
            request.close()
        if request.aborted:
            raise SlowRetrievalError(f"{url}: it took too long")


class _Request:
    """One GET on a connection of its own, which another thread may abort."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = urlsplit(url)
        self._timeout = timeout_seconds
        self._socket: socket.socket | None = None
        self.aborted = False

    def chunks(self) -> Iterator[bytes]:
        secure = self._url.scheme == "https"
        host, port = self._url.hostname or "", self._url.port or (443 if secure else 80)
        self._socket = socket.create_connection((host, port), self._timeout)
        if secure:
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False
            )
            self._socket.do_handshake()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self._socket
        connection.request("GET", self._url.path, headers={"Connection": "close", "User-Agent": "earmark"})
        response = connection.getresponse()
        if response.status != 200:
            raise DownloadHTTPError(f"{self._url.geturl()}: HTTP status {response.status}", response.status)
        while chunk := response.read1(_CHUNK_BYTES):
            yield chunk

    def abort(self) -> None:
        self.aborted = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


class FolderFetcher(_ScratchFetcher):
    """Hands out what another client was given: its metadata in `metadata_dir`, its target at `archive`.

    With it a second client verifies everything afresh, without a network and without trusting the first.
    """

    def __init__(self, metadata_dir: Path, archive: Path, *, scratch: Path) -> None:
        super().__init__(scratch)
        self._metadata_dir = metadata_dir
        self._archive = archive

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = urlsplit(url).path
        name = path.rpartition("/")[2]
        if path.startswith(f"/{TARGETS}/"):
            file = self._archive
        elif name.endswith(".root.json"):
            file = self._metadata_dir / "root_history" / name
        else:
            file = self._metadata_dir / name.removeprefix(
                name.split(".")[0] + "." if name[0].isdigit() else ""
            )
        try:
            # Another user's folder: neither a link out of it nor a pipe without a writer is taken for a file.
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise DownloadHTTPError(f"{file} is not there", 404) from error
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DownloadHTTPError(f"{file} is no file", 404)
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
