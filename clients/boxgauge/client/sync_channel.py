"""What both synchronous clients are: a channel to one service."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, Unpack

import grpc

from boxgauge.client.access import AccessOptions, access_to
from boxgauge.client.channels import CALL_TIMEOUT_S, OPTIONS
from boxgauge.client.checks import check_target, closed
from boxgauge.client.status import translated


class Client:
    """A channel to one service, closed at the end of a ``with`` block.

    Args:
        target: HOST:PORT.
        timeout_s: Longest wait for the answer to a call that is not a stream.
        access: TLS, certificates and tokens: see `AccessOptions`.
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        self.target = check_target(target)
        with_access = access_to(target, **access)
        self._metadata = with_access.metadata
        self._closed = False
        self._timeout_s = timeout_s
        self._channel = (
            grpc.insecure_channel(target, options=OPTIONS)
            if with_access.credentials is None
            else grpc.secure_channel(target, with_access.credentials, options=OPTIONS)
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
