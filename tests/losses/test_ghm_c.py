import math
from inspect import unwrap
from typing import Literal

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import bce_with_logits_loss, ghm_c_loss
from tests.losses.strategies import column, gradient, laws, logits
from tests.reference import classification as reference

Regions = Literal["occupied", "all"]
Row = tuple[float, float]

both_regions = pytest.mark.parametrize("regions", ["occupied", "all"])

LOGITS, LABELS = (0.0, 0.0, 2.0, -1.0), (1.0, 0.0, 1.0, 0.0)
# Gradients of length 0.5, 0.5, 0.119 and 0.269: of 4 bins the third twice, the first, the second.


@pytest.mark.parametrize(
    ("regions", "momentum", "following", "weights"),
    [
        # Counts [4, 0, 8, 2]: the last bin is empty and keeps its count.
        pytest.param(
            "occupied",
            0.75,
            [3.25, 0.25, 6.5, 2],
            [4 / 3 / 6.5, 4 / 3 / 6.5, 4 / 3 / 3.25, 4 / 3 / 0.25],
            id="authors",
        ),
        pytest.param(
            "all",
            0.75,
            [3.25, 0.25, 6.5, 2],
            [1 / 6.5, 1 / 6.5, 1 / 3.25, 1 / 0.25],
            id="paper",
        ),
        pytest.param(
            "occupied", 0.0, [1, 1, 2, 2], [2 / 3, 2 / 3, 4 / 3, 4 / 3], id="no-momentum-mean-1"
        ),
    ],
)
def test_worked_values(
    regions: Regions, momentum: float, following: list[float], weights: list[float]
) -> None:
    loss, counts = ghm_c_loss(
        column(*LOGITS), column(*LABELS), column(4, 0, 8, 2), momentum=momentum, regions=regions
    )
    assert counts.tolist() == following
    surprises = [math.log(2), math.log(2), math.log1p(math.exp(-2)), math.log1p(math.exp(-1))]
    expected = [weight * surprise for weight, surprise in zip(weights, surprises, strict=True)]
    assert loss.tolist() == pytest.approx(expected, rel=1e-12)


def batches() -> st.SearchStrategy[list[Row]]:
    labels = st.sampled_from([0.0, 1.0, -1.0]) | st.floats(0, 1)
    return st.lists(st.tuples(logits(), labels), max_size=12)


def columns(rows: list[Row]) -> tuple[Tensor, Tensor]:
    return column(*(x for x, _ in rows)), column(*(y for _, y in rows))


def off_the_edges(rows: list[Row], bins: int) -> bool:
    """Return whether no gradient is so close to an edge that rounding decides its bin."""
    places = [abs(reference.sigmoid(x) - y) * bins for x, y in rows]
    return all(abs(place - round(place)) > 1e-9 or place < 1e-9 for place in places)


@both_regions
@given(
    rows=batches(),
    counts=st.lists(st.floats(0, 1e4), min_size=1, max_size=6),
    momentum=st.floats(0, 0.99),
)
@laws
def test_agrees_with_the_scalar_reference(
    regions: Regions, rows: list[Row], counts: list[float], momentum: float
) -> None:
    assume(off_the_edges(rows, len(counts)))
    x, y = columns(rows)
    loss, following = ghm_c_loss(x, y, column(*counts), momentum=momentum, regions=regions)
    weights, expected = reference.ghm_c_weights(x.tolist(), y.tolist(), counts, momentum, regions)
    assert following.tolist() == pytest.approx(expected, rel=1e-9)
    losses = [
        weight * reference.bce_with_logits_loss(a, b) if b >= 0 else 0.0
        for weight, (a, b) in zip(weights, rows, strict=True)
    ]
    assert loss.tolist() == pytest.approx(losses, rel=1e-9, abs=1e-12)


@both_regions
@given(rows=batches(), counts=st.lists(st.floats(0, 1e4), min_size=1, max_size=6))
@laws
def test_the_gradient_is_the_weight_times_probability_less_label(
    regions: Regions, rows: list[Row], counts: list[float]
) -> None:
    assume(off_the_edges(rows, len(counts)))
    x, y = columns(rows)
    weights, _ = reference.ghm_c_weights(x.tolist(), y.tolist(), counts, 0.75, regions)
    x.requires_grad_()
    slope = gradient(ghm_c_loss(x, y, column(*counts), regions=regions).loss, x)
    expected = [
        weight * (reference.sigmoid(a) - b) for weight, (a, b) in zip(weights, rows, strict=True)
    ]
    assert slope.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@both_regions
def test_of_uniform_density_is_cross_entropy(regions: Regions) -> None:
    lengths = (torch.arange(30, dtype=torch.float64) + 0.5) / 30
    x, y = lengths.logit(), torch.zeros(30, dtype=torch.float64)
    loss, _ = ghm_c_loss(x, y, torch.zeros(30), momentum=0, regions=regions)
    torch.testing.assert_close(loss, bce_with_logits_loss(x, y))


@both_regions
def test_every_occupied_bin_weighs_the_same(regions: Regions) -> None:
    x = torch.tensor([-5.0] * 97 + [0.1, 5.0, 5.0])
    plain = bce_with_logits_loss(x, torch.zeros(100))
    loss, counts = ghm_c_loss(x, torch.zeros(100), torch.zeros(10), momentum=0, regions=regions)
    weights = loss / plain
    share = 100 / 3 if regions == "occupied" else 10
    totals = torch.stack([weights[:97].sum(), weights[97], weights[98:].sum()])
    torch.testing.assert_close(totals, torch.full((3,), float(share)))
    assert counts.tolist() == [97, 0, 0, 0, 0, 1, 0, 0, 0, 2]


@pytest.mark.parametrize("label", [None, -1.0])
def test_nothing_to_count_leaves_the_counts_as_they_were(label: float | None) -> None:
    counts = torch.tensor([5.0, 0.0, 2.5])
    target = torch.zeros(0) if label is None else torch.full((4,), label)
    loss, following = ghm_c_loss(torch.zeros(len(target)), target, counts)
    torch.testing.assert_close(following, counts, rtol=0, atol=0)
    assert (loss == 0).all()


def test_counts_carried_along_settle_at_those_of_a_steady_batch() -> None:
    x, y = column(*LOGITS), column(*LABELS)
    counts = torch.zeros(4, dtype=torch.float64)
    for _ in range(120):
        _, counts = ghm_c_loss(x, y, counts)
    torch.testing.assert_close(counts, column(1, 1, 2, 0))


def test_the_counts_have_no_gradient() -> None:
    x = column(*LOGITS).requires_grad_()
    _, counts = ghm_c_loss(x, column(*LABELS), column(4, 0, 8, 2))
    assert not counts.requires_grad


def test_the_ends_of_the_range_fall_into_the_end_bins() -> None:
    x = torch.tensor([1e4, -1e4, 1e4])
    _, counts = ghm_c_loss(x, torch.tensor([0.0, 0.0, 1.0]), torch.zeros(10), momentum=0)
    assert counts.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"momentum": 1.0}, r"momentum must be in \[0, 1\): got 1\.0", id="momentum"),
        pytest.param({"momentum": -0.1}, r"momentum .* got -0\.1", id="negative-momentum"),
        pytest.param({"regions": "some"}, "regions must be .*: got 'some'", id="regions"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unwrap(ghm_c_loss)(torch.zeros(1), torch.zeros(1), torch.zeros(3), **options)


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one bin: got 0"):
        ghm_c_loss(torch.zeros(1), torch.zeros(1), torch.zeros(0))
