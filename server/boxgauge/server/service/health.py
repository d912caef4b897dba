"""`grpc.health.v1.Health`: every service of this process serves, until the process stops.

gRPC's own servicer loses watches: once one of a service ends, the others are told nothing more.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc as rpc

from boxgauge.frames import NotFoundError, UnavailableError

NAME = pb.DESCRIPTOR.services_by_name["Health"].full_name
_SHOWN = 100  # letters of an unknown name that an answer repeats

Context = Any  # grpc's context, of which nothing is used here


class HealthService(rpc.HealthServicer):  # type: ignore[misc]  # its package has no types
    """Answers probes, and tells those that watch.

    Args:
        names: Of the services; "", which is all of them, is known as well.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(("", *names))
        self._stopping = asyncio.Event()

    def refuse(self) -> None:
        """Say NOT_SERVING from now on, which ends watches."""
        self._stopping.set()

    async def Check(  # noqa: N802 (gRPC's name)
        self, request: pb.HealthCheckRequest, context: Context
    ) -> pb.HealthCheckResponse:
        """Say whether a service serves; an unknown one is NOT_FOUND."""
        if request.service not in self._names:
            shown = request.service[:_SHOWN]
            raise NotFoundError(f"there is no service {shown!r}", field="service", value=shown)
        return self._answer()

    async def Watch(  # noqa: N802 (gRPC's name)
        self, request: pb.HealthCheckRequest, context: Context
    ) -> AsyncIterator[pb.HealthCheckResponse]:
        """Say so now, and when it changes; an unknown one stays unknown."""
        if request.service not in self._names:
            yield pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
            await self._stopping.wait()
        else:
            if not self._stopping.is_set():
                yield self._answer()
                await self._stopping.wait()
            yield self._answer()
        raise UnavailableError("the service is stopping: watch again elsewhere or later")

    def _answer(self) -> pb.HealthCheckResponse:
        kinds = pb.HealthCheckResponse
        stops = self._stopping.is_set()
        return pb.HealthCheckResponse(status=kinds.NOT_SERVING if stops else kinds.SERVING)
