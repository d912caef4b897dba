"""The gRPC server itself: options, services, health and reflection."""

from collections.abc import Mapping
from typing import Any

from grpc import aio
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from boxgauge.frames import InvalidInputError
from boxgauge.oip import inference_pb2, inference_pb2_grpc
from boxgauge.server.observability.spans import Tracing
from boxgauge.server.resting import Resting
from boxgauge.server.security.security import Security
from boxgauge.server.service.admin import AdminService
from boxgauge.server.service.admission import Admission
from boxgauge.server.service.evaluation import EvaluationService
from boxgauge.server.service.health import NAME as HEALTH
from boxgauge.server.service.health import HealthService
from boxgauge.server.service.inference import InferenceService
from boxgauge.server.service.interceptor import Answering
from boxgauge.server.service.monitors import MonitorService
from boxgauge.server.settings import PREFIX, Settings
from boxgauge.server.telemetry import Telemetry
from boxgauge.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    evaluation_pb2,
    evaluation_pb2_grpc,
    monitor_pb2,
    monitor_pb2_grpc,
)

SERVICES = tuple(
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in (
        (monitor_pb2, "MonitorService"),
        (evaluation_pb2, "EvaluationService"),
        (inference_pb2, "GRPCInferenceService"),
        (admin_pb2, "AdminService"),
    )
)
_MIN_PING_MS = 10_000  # clients may ping an idle connection this often
_KEEPALIVE_MS = 60_000  # a peer that has gone away is noticed after this, and
_KEEPALIVE_TIMEOUT_MS = 20_000  # this
# A connection must have become one of HTTP/2 (and TLS) by then, however slowly it sends.
_HANDSHAKE_MS = 10_000


class GrpcServer:
    """Listens, answers, and says how it is."""

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        monitors: MonitorService,
        evaluation: EvaluationService,
        inference: InferenceService,
        security: Security,
        admin: AdminService,
        tracing: Tracing | None = None,
    ) -> None:
        self._settings = settings
        self._security = security
        self._answering = Answering(telemetry, tracing)
        self._server = aio.server(
            # The first is around all others. Who is not known takes no room.
            interceptors=[
                self._answering,
                Resting(telemetry.rested),
                security.guard,
                Admission(
                    telemetry,
                    most_calls=settings.max_concurrent_streams,
                    unread_s=settings.unread_s,
                    most_request_bytes=settings.max_waiting_bytes,
                ),
            ],
            options=list(_options(settings).items()),
        )
        add: Any = monitor_pb2_grpc.add_MonitorServiceServicer_to_server
        add(monitors, self._server)
        add = evaluation_pb2_grpc.add_EvaluationServiceServicer_to_server
        add(evaluation, self._server)
        add = inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server
        add(inference, self._server)
        add = admin_pb2_grpc.add_AdminServiceServicer_to_server
        add(admin, self._server)
        self._health = HealthService(SERVICES)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*SERVICES, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> int:
        """Listen and return the port, which is a free one where 0 was asked for.

        Raises:
            InvalidInputError: The address cannot be listened on.
        """
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            credentials = self._security.grpc_credentials()
            port = (
                self._server.add_insecure_port(address)
                if credentials is None
                else self._server.add_secure_port(address, credentials)
            )
        except RuntimeError:
            port = 0
        if port == 0:
            raise InvalidInputError.at(f"{PREFIX}PORT", address, "free to listen on")
        await self._server.start()
        return port

    def refuse(self) -> None:
        """Say NOT_SERVING from now on."""
        self._health.refuse()

    async def stop(self, grace_s: float) -> None:
        """Take no new RPCs, give the running ones this long, then cancel them."""
        await self._server.stop(grace_s)
        await self._answering.unwound()


def _options(settings: Settings) -> Mapping[str, int]:
    return {
        "grpc.max_receive_message_length": settings.max_message_bytes,
        "grpc.max_send_message_length": -1,
        # Without this a second service on the same port would start and take half the calls.
        "grpc.so_reuseport": 0,
        "grpc.http2.min_recv_ping_interval_without_data_ms": _MIN_PING_MS,
        "grpc.keepalive_time_ms": _KEEPALIVE_MS,
        "grpc.keepalive_timeout_ms": _KEEPALIVE_TIMEOUT_MS,
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.server_handshake_timeout_ms": _HANDSHAKE_MS,
        "grpc.max_allowed_incoming_connections": settings.max_connections,
        # Of one connection; its client lets further calls wait on its own side.
        "grpc.max_concurrent_streams": settings.max_streams_per_connection,
        "grpc.max_connection_age_ms": int(settings.connection_age_s * 1000),
        "grpc.max_connection_age_grace_ms": int(settings.connection_age_grace_s * 1000),
    }
