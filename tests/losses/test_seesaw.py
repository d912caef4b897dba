import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import cross_entropy_loss, seesaw_loss
from tests.losses.strategies import Rows, class_rows, gradient, laws, rows_of
from tests.reference import classification as reference

ROW, SEEN = [1.0, 2.0, 0.0], [99, 9, 0]


@pytest.mark.parametrize(
    ("row", "label", "seen", "eps", "expected"),
    [
        # Counts become [100, 9, 1]: both rivals are rarer, the second is also preferred.
        pytest.param(ROW, 0, SEEN, 1e-2, 1.3699774137626299247, id="both-factors"),
        # Counts become [99, 9, 1]: both rivals are commoner, and both are preferred.
        pytest.param(ROW, 2, SEEN, 1e-2, 6.0509457635229984670, id="compensation-only"),
        pytest.param([8.0, 0.0], 1, [5, 4], 1e-2, 17.209669592799164235, id="authors-floor"),
        pytest.param([8.0, 0.0], 1, [5, 4], 0, 24.000000000037751345, id="paper-no-floor"),
        pytest.param(ROW, 3, SEEN, 1e-2, 0, id="no-such-class"),
    ],
)
def test_worked_values(
    row: list[float], label: int, seen: list[int], eps: float, expected: float
) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    loss, counts = seesaw_loss(logits, torch.tensor([label]), torch.tensor(seen), eps=eps)
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert counts.tolist() == [count + (j == label) for j, count in enumerate(seen)]


def seen_counts() -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 10**6), min_size=5, max_size=5)


@given(
    rows=class_rows(10),
    seen=seen_counts(),
    p=st.floats(0, 2),
    q=st.floats(0, 3),
    eps=st.just(0.0) | st.floats(1e-3, 0.5),
)
@laws
def test_agrees_with_the_scalar_reference(
    rows: Rows, seen: list[int], p: float, q: float, eps: float
) -> None:
    logits, target = rows
    before = seen[: logits.shape[1]]
    after = [count + target.tolist().count(j) for j, count in enumerate(before)]
    logits.requires_grad_()
    loss, counts = seesaw_loss(logits, target, torch.tensor(before), p=p, q=q, eps=eps)
    assert counts.tolist() == after

    losses, slopes = [], []
    for row, label in rows_of(logits.detach(), target):
        factors = reference.seesaw_factors(row, label, after, p, q, eps)
        probs = reference.reweighted_softmax(row, factors)
        losses.append(-math.log(probs[label]))
        # With S constant: reweighted probability less label.
        slopes.append([prob - (j == label) for j, prob in enumerate(probs)])
    assert loss.tolist() == pytest.approx(losses, rel=1e-7, abs=1e-9)
    expected = torch.tensor(slopes, dtype=torch.float64).reshape(logits.shape)
    torch.testing.assert_close(gradient(loss, logits), expected, rtol=1e-7, atol=1e-9)


@given(rows=class_rows(1e4, stray=True), seen=seen_counts())
@laws
def test_without_both_factors_is_cross_entropy(rows: Rows, seen: list[int]) -> None:
    counts = torch.tensor(seen[: rows[0].shape[1]])
    loss, _ = seesaw_loss(*rows, counts, p=0, q=0)
    torch.testing.assert_close(loss, cross_entropy_loss(*rows))


@given(logits=class_rows(1e4), often=st.integers(0, 10**6))
@laws
def test_classes_seen_alike_are_not_mitigated(logits: Rows, often: int) -> None:
    rows, _ = logits
    # One row a class, so that the counts stay alike.
    rows = rows[:1].expand(rows.shape[1], -1) if len(rows) else rows
    target = torch.arange(len(rows))
    loss, _ = seesaw_loss(rows, target, torch.full((rows.shape[1],), often), q=0)
    torch.testing.assert_close(loss, cross_entropy_loss(rows, target))


@given(rows=class_rows(1e4), seen=seen_counts())
@laws
def test_mitigation_lowers_and_compensation_raises(rows: Rows, seen: list[int]) -> None:
    counts = torch.tensor(seen[: rows[0].shape[1]])
    plain = cross_entropy_loss(*rows)
    assert (seesaw_loss(*rows, counts, q=0).loss <= plain + 1e-9).all()
    assert (seesaw_loss(*rows, counts, p=0).loss >= plain - 1e-9).all()


def test_an_empty_batch_leaves_the_counts_as_they_were() -> None:
    counts = torch.tensor([3, 2**60, 0])
    _, following = seesaw_loss(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), counts)
    assert following.tolist() == counts.tolist()
    assert following.dtype == torch.int64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"p": -0.1}, r"p must be in \[0, 1e6\]: got -0\.1", id="p"),
        pytest.param({"q": -2.0}, r"q must be in \[0, 1e6\]: got -2\.0", id="q"),
        pytest.param({"eps": 1.0}, r"eps must be in \[0, 1\): got 1\.0", id="eps"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    rows, target, counts = torch.zeros(1, 2), torch.tensor([0]), torch.tensor([0, 0])
    with pytest.raises(ValueError, match=message):
        seesaw_loss(rows, target, counts, **options)


@pytest.mark.usefixtures("signatures_unchecked")
def test_counts_of_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one count for .* got shapes \[3\] and \[1, 2\]"):
        seesaw_loss(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([0, 0, 0]))
