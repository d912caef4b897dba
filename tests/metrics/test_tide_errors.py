import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.export.examples.errors import mistakes
from boxgauge.metrics import TideErrors, tide_errors
from tests.reference import errors as reference

NONE, CLASSIFICATION, LOCALISATION, BOTH, DUPLICATE, BACKGROUND = range(6)

# One detection of class 0 over an object of its own class and one of another.
OWN, OTHER = 0, 1


def judge(own: float, other: float, *, found: bool) -> TideErrors:
    return tide_errors(
        torch.tensor([0]),
        torch.tensor([0.9], dtype=torch.float64),
        torch.tensor([False]),
        torch.tensor([0, 1]),
        torch.tensor([True, True]),
        torch.tensor([found, False]),
        torch.tensor([0, 0]),
        torch.tensor([OWN, OTHER]),
        torch.tensor([own, other], dtype=torch.float64),
        torch.tensor([0.5], dtype=torch.float64),
        torch.tensor([0.1], dtype=torch.float64),
    )


@pytest.mark.parametrize(
    ("own", "other", "found", "kind", "target", "missed"),
    [
        pytest.param(0.3, 0.0, False, LOCALISATION, OWN, [False, True], id="localisation"),
        pytest.param(0.1, 0.0, False, LOCALISATION, OWN, [False, True], id="at-the-background"),
        pytest.param(0.5, 0.0, True, LOCALISATION, OWN, [False, True], id="at-the-threshold"),
        pytest.param(0.3, 0.9, False, LOCALISATION, OWN, [False, True], id="before-class"),
        pytest.param(0.0, 0.5, False, CLASSIFICATION, OTHER, [True, False], id="classification"),
        pytest.param(0.9, 0.6, True, CLASSIFICATION, OTHER, [False, False], id="before-duplicate"),
        pytest.param(0.9, 0.0, True, DUPLICATE, -1, [False, True], id="duplicate"),
        pytest.param(0.0, 0.3, False, BOTH, -1, [True, True], id="both"),
        pytest.param(0.0, 0.1, False, BACKGROUND, -1, [True, True], id="background"),
    ],
)
def test_worked_values(
    own: float, other: float, found: bool, kind: int, target: int, missed: list[bool]
) -> None:
    errors = judge(own, other, found=found)
    assert errors.kind.tolist() == [kind]
    assert errors.target.tolist() == [target]
    assert errors.fixed.tolist() == [target >= 0 and not (target == OWN and found)]
    assert errors.missed.tolist() == missed


@given(n=st.integers(0, 25), seed=st.integers(0, 9999))
@settings(deadline=None)
def test_agrees_with_a_loop_over_detections(n: int, seed: int) -> None:
    inputs = mistakes(n, torch.Generator().manual_seed(seed))
    # One pair has one overlap: later ones of the same two boxes are left out.
    pairs = dict.fromkeys(zip(inputs[6].tolist(), inputs[7].tolist(), strict=True))
    first = [
        list(zip(inputs[6].tolist(), inputs[7].tolist(), strict=True)).index(pair) for pair in pairs
    ]
    inputs = (*inputs[:6], *(column[first] for column in inputs[6:9]), *inputs[9:])
    found = tide_errors(*inputs)
    labels, scores, is_tp, gt_labels, counted, taken, pair_dt, pair_gt, iou, *_ = (
        each.tolist() for each in inputs
    )
    of = dict(zip(zip(pair_dt, pair_gt, strict=True), iou, strict=True))
    real = [g for g, counts in enumerate(counted) if counts]
    claims: dict[int, list[tuple[float, int]]] = {}
    for d in range(n):
        kind, target = reference.tide_kind(
            labels[d],
            [of.get((d, g), 0.0) for g in real],
            [gt_labels[g] for g in real],
            [taken[g] for g in real],
            0.5,
            0.1,
        )
        kind, target = (0, -1) if is_tp[d] else (kind, real[target] if target >= 0 else -1)
        assert (found.kind[d].item(), found.target[d].item()) == (kind, target)
        if target >= 0 and not taken[target]:
            claims.setdefault(target, []).append((-scores[d], d))
    assert found.fixed.nonzero().flatten().tolist() == sorted(min(c)[1] for c in claims.values())
    wanted = [g for g in real if not taken[g] and g not in claims]
    assert found.missed.nonzero().flatten().tolist() == wanted
