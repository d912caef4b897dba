"""What both asynchronous clients are: a channel to one service, on ``grpc.aio``."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, Unpack

import grpc.aio

from boxgauge.client.access import AccessOptions, access_to
from boxgauge.client.channels import CALL_TIMEOUT_S, OPTIONS
from boxgauge.client.checks import check_target, closed
from boxgauge.client.status import translated


class AsyncClient:
    """A channel to one service, closed at the end of an ``async with`` block.

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
            grpc.aio.insecure_channel(target, options=OPTIONS)
            if with_access.credentials is None
            else grpc.aio.secure_channel(target, with_access.credentials, options=OPTIONS)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; calls that still run are cancelled."""
        self._closed = True
        await self._channel.close(None)

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self.target)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        self._check_open()
        with translated(self.target):
            yield
