"""What is said of predictions alone, as messages."""

from boxgauge.engine.online.predicted import Drift, DriftFeature, Estimate
from boxgauge.v1 import report_pb2 as pb


def drift_out(drift: Drift) -> pb.Drift:
    """Return the message; ``reason`` says why there is no answer."""
    return pb.Drift(
        features=[_feature(each) for each in drift.features],
        reference_images=drift.reference_images,
        current_images=drift.current_images,
        reason=drift.reason,
    )


def estimate_out(estimate: Estimate) -> pb.Estimate:
    """Return the message; what is None stays absent."""
    return pb.Estimate(
        precision=estimate.precision,
        ap50=estimate.ap50,
        images=estimate.images,
        calibration_images=estimate.calibration_images,
        ap50_error=estimate.ap50_error,
        reason=estimate.reason,
    )


def _feature(feature: DriftFeature) -> pb.DriftFeature:
    return pb.DriftFeature(
        name=feature.name,
        psi=feature.psi,
        ks=feature.ks,
        wasserstein=feature.wasserstein,
        jensen_shannon=feature.jensen_shannon,
        p_value=feature.p_value,
        drifted=feature.drifted,
        edges=feature.edges.tolist(),
        reference=feature.reference.tolist(),
        current=feature.current.tolist(),
    )
