"""The synchronous client of evaluations."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Unpack

from boxgauge.client.access import AccessOptions
from boxgauge.client.channels import CALL_TIMEOUT_S
from boxgauge.client.messages import Batch, check_source
from boxgauge.client.reports import EvaluationResult, evaluation_result_from
from boxgauge.client.requests import evaluate_request, first_evaluate_request
from boxgauge.client.settings import EvaluationSettings
from boxgauge.client.sync_channel import Client
from boxgauge.client.window import Window
from boxgauge.v1 import evaluation_pb2_grpc


class EvaluationClient(Client):
    """Evaluates a closed set of frames on the service."""

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        super().__init__(target, timeout_s=timeout_s, **access)
        self._stub = evaluation_pb2_grpc.EvaluationServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    def evaluate(
        self,
        classes: Mapping[int, str],
        batches: Iterable[Batch | Sequence[Batch]],
        settings: EvaluationSettings = EvaluationSettings(),  # noqa: B008  # frozen
    ) -> EvaluationResult:
        """Return the exact report over all frames; a missing side counts as empty.

        Args:
            classes: Names by class id; detections of others are dropped and counted.
            batches: One message each; an image's side comes once.
            settings: Thresholds.

        Raises:
            InvalidInputError: A frame is bad.
        """
        check_source(batches)
        requests = Window(
            chain(
                [first_evaluate_request(classes, settings)],
                (evaluate_request(item) for item in batches),
            )
        )
        try:
            with self._translated():
                return evaluation_result_from(
                    self._stub.Evaluate(iter(requests), metadata=self._metadata)
                )
        finally:
            requests.close()
