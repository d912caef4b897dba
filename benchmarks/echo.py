"""A bare gRPC server: reads `ObserveRequest`, answers `ObserveResponse`, does nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from grpc import aio

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

Context = Any  # of grpc, of which nothing is used here


class Echo(rpc.MonitorServiceServicer):
    """Answers each message with as many images as it names."""

    async def CreateMonitor(  # noqa: N802 (gRPC's name)
        self, request: pb.CreateMonitorRequest, context: Context
    ) -> pb.CreateMonitorResponse:
        """Do nothing."""
        return pb.CreateMonitorResponse()

    async def ResetMonitor(  # noqa: N802 (gRPC's name)
        self, request: pb.ResetMonitorRequest, context: Context
    ) -> pb.ResetMonitorResponse:
        """Do nothing."""
        return pb.ResetMonitorResponse()

    async def Observe(  # noqa: N802 (gRPC's name)
        self, request_iterator: AsyncIterator[pb.ObserveRequest], context: Context
    ) -> AsyncIterator[pb.ObserveResponse]:
        """Answer each message at once."""
        async for request in request_iterator:
            images = len(request.frames.predictions[0].counts)
            yield pb.ObserveResponse(sequence=request.sequence, accepted=2 * images)


async def main() -> None:
    """Serve on a free port, whose address is printed, until the process is ended."""
    server = aio.server(options=[("grpc.max_receive_message_length", 2**26)])
    rpc.add_MonitorServiceServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f'{{"address": "127.0.0.1:{port}"}}', flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
