"""`inference.GRPCInferenceService`: the Open Inference Protocol over the engine's graphs."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from boxgauge.engine import Engine, GraphSpec
from boxgauge.frames import BoxGaugeError, NotFoundError
from boxgauge.oip import inference_pb2 as pb
from boxgauge.oip import inference_pb2_grpc as rpc
from boxgauge.server.observability.tracing import span
from boxgauge.server.service.parsing import RECEIVED
from boxgauge.server.service.runner import Runner
from boxgauge.server.service.tensors import (
    DATATYPES,
    answer,
    inputs_in,
    shape_out,
    wanted_outputs,
)

SERVER_NAME = "boxgauge"
PLATFORM = "onnxruntime_onnx"
# Matching and report graphs are the monitors' own: their work grows with the product of
# their inputs, which a message's size does not bound.
FAMILIES = frozenset({"loss", "gradient", "metric"})

Context = Any  # grpc's context, of which nothing is used here


class InferenceService(rpc.GRPCInferenceServiceServicer):
    """Runs losses, gradients and metrics for any client of the protocol.

    Args:
        engine: Knows the graphs.
        runner: Runs them.
        is_ready: Says whether the service takes work.
        version: Of the server.
    """

    def __init__(
        self, engine: Engine, runner: Runner, is_ready: Callable[[], bool], *, version: str
    ) -> None:
        self._engine = engine
        self._runner = runner
        self._is_ready = is_ready
        self._version = version

    async def ServerLive(  # noqa: N802 (gRPC's name)
        self, request: pb.ServerLiveRequest, context: Context
    ) -> pb.ServerLiveResponse:
        """Say that the server is alive."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(  # noqa: N802 (gRPC's name)
        self, request: pb.ServerReadyRequest, context: Context
    ) -> pb.ServerReadyResponse:
        """Say whether the server takes work."""
        return pb.ServerReadyResponse(ready=self._is_ready())

    async def ModelReady(  # noqa: N802 (gRPC's name)
        self, request: pb.ModelReadyRequest, context: Context
    ) -> pb.ModelReadyResponse:
        """Say whether the graph is loaded; an unknown one is NOT_FOUND."""
        self._graph(request.name, request.version)
        return pb.ModelReadyResponse(ready=self._is_ready())

    async def ServerMetadata(  # noqa: N802 (gRPC's name)
        self, request: pb.ServerMetadataRequest, context: Context
    ) -> pb.ServerMetadataResponse:
        """Name the server."""
        return pb.ServerMetadataResponse(
            name=SERVER_NAME, version=self._version, extensions=["model_configuration"]
        )

    async def ModelMetadata(  # noqa: N802 (gRPC's name)
        self, request: pb.ModelMetadataRequest, context: Context
    ) -> pb.ModelMetadataResponse:
        """Describe a graph's inputs and outputs."""
        spec = self._graph(request.name, request.version)
        tensor = pb.ModelMetadataResponse.TensorMetadata

        def described(ports: tuple[Any, ...]) -> list[Any]:
            return [
                tensor(name=port.name, datatype=DATATYPES[port.dtype][0], shape=shape_out(port))
                for port in ports
            ]

        return pb.ModelMetadataResponse(
            name=spec.name,
            versions=[str(spec.version)],
            platform=PLATFORM,
            inputs=described(spec.inputs),
            outputs=described(spec.outputs),
        )

    async def ModelConfig(  # noqa: N802 (gRPC's name)
        self, request: pb.ModelConfigRequest, context: Context
    ) -> pb.ModelConfigResponse:
        """Describe a graph as Triton's configuration."""
        spec = self._graph(request.name, request.version)
        config = pb.ModelConfig(
            name=spec.name,
            platform=PLATFORM,
            backend="onnxruntime",
            max_batch_size=0,
            input=[
                pb.ModelInput(name=p.name, data_type=DATATYPES[p.dtype][1], dims=shape_out(p))
                for p in spec.inputs
            ],
            output=[
                pb.ModelOutput(name=p.name, data_type=DATATYPES[p.dtype][1], dims=shape_out(p))
                for p in spec.outputs
            ],
        )
        return pb.ModelConfigResponse(config=config)

    async def ModelInfer(  # noqa: N802 (gRPC's name)
        self, request: pb.ModelInferRequest, context: Context
    ) -> pb.ModelInferResponse:
        """Run a graph once."""
        return await self._infer(request)

    async def ModelStreamInfer(  # noqa: N802 (gRPC's name)
        self, request_iterator: AsyncIterator[pb.ModelInferRequest], context: Context
    ) -> AsyncIterator[pb.ModelStreamInferResponse]:
        """Run a graph for each message; an error is an answer, and the stream goes on."""
        async for request in request_iterator:
            answered = await self._infer_or_tell(request)
            del request  # neither kept until the answer is read nor until the next one comes
            yield answered
            del answered

    def _graph(self, name: str, version: str) -> GraphSpec:
        spec = self._engine.graph(name, version)
        if spec.family not in FAMILIES:
            raise NotFoundError(
                f"graph {name} is not served: monitors and evaluations use it",
                field="graph",
                value=name,
            )
        return spec

    async def _infer_or_tell(self, request: pb.ModelInferRequest) -> pb.ModelStreamInferResponse:
        try:
            return pb.ModelStreamInferResponse(infer_response=await self._infer(request))
        except BoxGaugeError as error:
            return pb.ModelStreamInferResponse(
                error_message=str(error),
                infer_response=pb.ModelInferResponse(model_name=request.model_name, id=request.id),
            )

    async def _infer(self, request: pb.ModelInferRequest) -> pb.ModelInferResponse:
        spec = self._graph(request.model_name, request.model_version)
        wanted_outputs(request, spec.outputs)  # refused before the run, not after it
        with span("run", graph=spec.name):
            outputs = await self._runner.run(
                spec, inputs_in(request, spec.inputs), message_bytes=RECEIVED.get()
            )
        return answer(request, spec.version, spec.outputs, outputs)
