"""Train the digit detector with BoxGauge's losses and write what it finds as COCO files.

    python examples/digit_scenes/train.py --out examples/sample

Every step sees new training scenes, so no scene is seen twice; the handwritten digits of
the validation scenes are in none of them.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import coco
from boxgauge.losses import (
    ap_loss,
    bce_with_logits_loss,
    focal_loss,
    giou_loss,
    reduce,
    total_loss,
)
from detections import Detections, detect
from detector import DigitDetector
from draw import draw
from scenes import CANVAS, Digits, Scene, compose, digits_of
from targets import Targets, assign

VAL_SCENES = 200

Classification = Callable[[Tensor, Tensor], Tensor]


def _per_positive(loss: Tensor, target: Tensor) -> Tensor:
    """Return Σ loss / positives: background outnumbers digits a thousandfold."""
    return reduce(loss, "sum") / target.sum().clamp(min=1)


# Each takes logits [n] and targets [n] of a whole batch and returns a loss [1].
CLASSIFICATION: dict[str, Classification] = {
    "ap": ap_loss,
    "focal": lambda logits, target: _per_positive(focal_loss(logits, target), target),
    "bce": lambda logits, target: _per_positive(bce_with_logits_loss(logits, target), target),
}


def batch_loss(
    model: DigitDetector, scenes: Sequence[Scene], classification: str
) -> tuple[Float[Tensor, "1"], dict[str, float]]:
    """Return the total loss of a batch, and its terms by name.

    Args:
        model: The detector, in training mode.
        scenes: What to learn from.
        classification: A key of ``CLASSIFICATION``.
    """
    asked = [assign(scene, model.points, model.strides) for scene in scenes]
    logits, boxes = model(as_images(scenes))
    counted = torch.stack([targets.counted for targets in asked])
    positive = torch.stack([targets.positive for targets in asked])
    classes = torch.stack([targets.classes for targets in asked])

    terms = {
        classification: CLASSIFICATION[classification](
            logits[counted].flatten(), classes[counted].flatten()
        ),
        "giou": reduce(giou_loss(boxes[positive], _boxes(asked)[positive]), "mean"),
    }
    total = total_loss(terms, {classification: 1.0, "giou": 1.0})
    return total.total, {name: float(term.detach()) for name, term in terms.items()}


def _boxes(asked: Sequence[Targets]) -> Float[Tensor, "b l 4"]:
    return torch.stack([targets.boxes for targets in asked])


def as_images(scenes: Sequence[Scene]) -> Float[Tensor, "b 1 s s"]:
    """Return the scenes' pictures as the detector takes them, grey levels in [0, 1]."""
    pictures = torch.from_numpy(np.stack([scene.image for scene in scenes]))
    return pictures[:, None].float() / 255


def train(
    digits: Digits, *, classification: str, steps: int, batch: int, seed: int
) -> DigitDetector:
    """Return a detector trained on ``steps`` batches of new scenes, with a one-cycle rate."""
    torch.manual_seed(seed)
    model = DigitDetector(CANVAS).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    started = time.perf_counter()
    for step in range(steps):
        scenes = [compose(digits, "train", step * batch + i, seed=seed) for i in range(batch)]
        total, terms = batch_loss(model, scenes, classification)
        optimiser.zero_grad()
        total.sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        if (step + 1) % 50 == 0 or step == 0:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in terms.items())
            print(f"step {step + 1:5d}  {time.perf_counter() - started:6.1f} s  {shown}", flush=True)
    return model


@torch.no_grad()
def detect_all(model: DigitDetector, scenes: Sequence[Scene]) -> list[Detections]:
    """Return each scene's detections; leaves the model in evaluation mode."""
    model.eval()
    found = []
    for scene in scenes:
        logits, boxes = model(as_images([scene]))
        found.append(detect(logits[0], boxes[0], canvas=CANVAS))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, detect on the validation scenes, write both COCO files and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for the two JSON files")
    parser.add_argument("--loss", choices=sorted(CLASSIFICATION), default="ap")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="also draw one scene, as PNG, here")
    options = parser.parse_args(arguments)

    torch.set_num_threads(1)  # the order of sums, and so the result, depends on it
    torch.use_deterministic_algorithms(True)
    model = train(
        digits_of("train", seed=options.seed),
        classification=options.loss,
        steps=options.steps,
        batch=options.batch,
        seed=options.seed,
    )
    digits = digits_of("val", seed=options.seed)
    scenes = [compose(digits, "val", i, seed=options.seed) for i in range(VAL_SCENES)]
    found = detect_all(model, scenes)

    options.out.mkdir(parents=True, exist_ok=True)
    truth_path, found_path = options.out / "ground_truth.json", options.out / "detections.json"
    source = "digit scenes of BoxGauge's examples; digits: UCI optdigits, CC BY 4.0"
    coco.write(coco.ground_truth(scenes, description=source), truth_path)
    coco.write(coco.results(found), found_path)
    coco.score(truth_path, found_path)
    if options.picture is not None:
        draw(scenes[:2], found[:2], options.picture)


if __name__ == "__main__":
    main()
