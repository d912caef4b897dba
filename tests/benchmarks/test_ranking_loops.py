"""What the ranking losses are timed against computes the same numbers."""

from pathlib import Path

import pytest
import torch

from boxgauge.losses import alrp_loss, ap_loss, rank_sort_loss

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _scripts_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


@pytest.mark.parametrize("positives", [0, 1, 60])
@pytest.mark.parametrize("delta", [0.05, 0.5, 3.0])
def test_the_loops_give_our_losses_and_updates(positives: int, delta: float) -> None:
    from ranking_loops import alrp_loop, ap_loop, rank_sort_loop

    rng = torch.Generator().manual_seed(2)
    logits = 3 * torch.randn(400, generator=rng, dtype=torch.float64)
    target = (torch.arange(400) < positives).double()
    iou = 0.2 + 0.8 * torch.rand(400, generator=rng, dtype=torch.float64)
    logits.requires_grad_()
    for loop, ours in (
        (ap_loop(logits, target, delta), ap_loss(logits, target, delta=delta)),
        (
            alrp_loop(logits, target, 1 - iou, delta),
            alrp_loss(logits, target, 1 - iou, delta=delta).loss,
        ),
        (
            rank_sort_loop(logits, target * iou, delta),
            rank_sort_loss(logits, target * iou, delta=delta).loss,
        ),
    ):
        (update,) = torch.autograd.grad(ours.sum(), logits)
        assert ours.item() == pytest.approx(loop.loss, abs=1e-12)
        torch.testing.assert_close(update, loop.update, atol=1e-12, rtol=0)
