"""The asynchronous client of evaluations."""

from collections.abc import AsyncIterator, Mapping
from typing import Unpack

from boxgauge.client.access import AccessOptions
from boxgauge.client.async_channel import AsyncClient
from boxgauge.client.async_sending import Batches, each_of, send_all
from boxgauge.client.async_status import stream_translated
from boxgauge.client.channels import CALL_TIMEOUT_S
from boxgauge.client.messages import check_source
from boxgauge.client.reports import EvaluationResult, evaluation_result_from
from boxgauge.client.requests import evaluate_request, first_evaluate_request
from boxgauge.client.settings import EvaluationSettings
from boxgauge.v1 import evaluation_pb2, evaluation_pb2_grpc


class AsyncEvaluationClient(AsyncClient):
    """`EvaluationClient` for asyncio."""

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        super().__init__(target, timeout_s=timeout_s, **access)
        self._stub = evaluation_pb2_grpc.EvaluationServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    async def evaluate(
        self,
        classes: Mapping[int, str],
        batches: Batches,
        settings: EvaluationSettings = EvaluationSettings(),  # noqa: B008  # frozen
    ) -> EvaluationResult:
        """Return the exact report over all frames; a missing side counts as empty."""
        check_source(batches)
        first = first_evaluate_request(classes, settings)

        async def requests() -> AsyncIterator[evaluation_pb2.EvaluateRequest]:
            yield first
            async for item in each_of(batches):
                yield evaluate_request(item)

        self._check_open()
        call = self._stub.Evaluate(metadata=self._metadata)
        try:
            async with stream_translated(self.target, call):
                await send_all(call, requests())
                return evaluation_result_from(await call)
        finally:
            call.cancel()
