"""What both synchronous clients are: a channel to one service."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import grpc

from boxgauge.client.channels import CALL_TIMEOUT_S, OPTIONS
from boxgauge.client.checks import check_target, closed
from boxgauge.client.status import translated


class Client:
    """A channel to one service, closed at the end of a ``with`` block.

    Args:
        target: HOST:PORT.
        credentials: TLS; None: plain text.
        timeout_s: Longest wait for the answer to a call that is not a stream.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self.target = check_target(target)
        self._closed = False
        self._timeout_s = timeout_s
        self._channel = (
            grpc.insecure_channel(target, options=OPTIONS)
            if credentials is None
            else grpc.secure_channel(target, credentials, options=OPTIONS)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel; calls that still run are cancelled."""
        self._closed = True
        self._channel.close()

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self.target)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        self._check_open()
        with translated(self.target):
            yield
