"""Train the digit detector with BoxGauge's losses and write what it finds as COCO files.

    python examples/digit_scenes/train.py --out examples/sample

Every step sees new training scenes, so no scene is seen twice; the handwritten digits of
the validation scenes are in none of them.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import coco
import numpy as np
import torch
from calibrate import Calibration, fit
from detections import Detections, detect
from detector import DigitDetector
from jaxtyping import Float
from scene import Scene
from scenes import CANVAS, Digits, compose, digits_of
from targets import Targets, assign
from torch import Tensor

from boxgauge.losses import (
    ap_loss,
    bce_with_logits_loss,
    focal_loss,
    giou_loss,
    reduce,
    total_loss,
)

VAL_SCENES = 200
CALIBRATION_SCENES = 100

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
    model = DigitDetector(CANVAS)
    # A quarter faster on a CPU; torch's types leave the argument out.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    started = time.perf_counter()
    since_shown: list[dict[str, float]] = []
    for step in range(1, steps + 1):
        first = (step - 1) * batch
        scenes = [compose(digits, "train", first + i, seed=seed) for i in range(batch)]
        total, terms = batch_loss(model, scenes, classification)
        optimiser.zero_grad()
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        since_shown.append(terms)
        if step % 100 == 0:
            means = {name: np.mean([terms[name] for terms in since_shown]) for name in terms}
            shown = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
            print(f"step {step:5d}  {time.perf_counter() - started:6.1f} s  {shown}", flush=True)
            since_shown.clear()
    return model


@torch.no_grad()
def calibration(model: DigitDetector, scenes: Sequence[Scene]) -> Calibration:
    """Return the line from logits to log odds, fitted on scenes not trained on."""
    model.eval()
    asked = [assign(scene, model.points, model.strides) for scene in scenes]
    logits = torch.cat([model(as_images([scene]))[0][0] for scene in scenes])
    counted = torch.cat([targets.counted for targets in asked])
    classes = torch.cat([targets.classes for targets in asked])
    with torch.enable_grad():
        return fit(logits[counted].flatten(), classes[counted].flatten())


@torch.no_grad()
def detect_all(
    model: DigitDetector, calibrate: Calibration, scenes: Sequence[Scene]
) -> list[Detections]:
    """Return each scene's detections; leaves the model in evaluation mode."""
    model.eval()
    found = []
    for scene in scenes:
        logits, boxes = model(as_images([scene]))
        found.append(detect(calibrate(logits[0]), boxes[0], size=(CANVAS, CANVAS)))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, detect on the validation scenes, write both COCO files and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for the two JSON files")
    parser.add_argument("--loss", choices=sorted(CLASSIFICATION), default="ap")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="also draw one scene, as PNG, here")
    options = parser.parse_args(arguments)

    torch.set_num_threads(1)  # the order of sums, and so the result, depends on it
    torch.use_deterministic_algorithms(True)
    started = time.perf_counter(), time.process_time()
    seed = options.seed
    digits = digits_of("train", seed=seed)
    model = train(
        digits, classification=options.loss, steps=options.steps, batch=options.batch, seed=seed
    )
    first = options.steps * options.batch  # training scenes are endless; these come next
    unseen = [compose(digits, "train", first + i, seed=seed) for i in range(CALIBRATION_SCENES)]
    calibrate = calibration(model, unseen)

    digits = digits_of("val", seed=seed)
    scenes = [compose(digits, "val", i, seed=seed) for i in range(VAL_SCENES)]
    found = detect_all(model, calibrate, scenes)

    options.out.mkdir(parents=True, exist_ok=True)
    truth_path, found_path = options.out / "ground_truth.json", options.out / "detections.json"
    source = "digit scenes of BoxGauge's examples; digits: UCI optdigits, CC BY 4.0"
    coco.write(coco.ground_truth(scenes, description=source), truth_path)
    coco.write(coco.results(found), found_path)
    wall_s, cpu_s = time.perf_counter() - started[0], time.process_time() - started[1]
    print(f"trained and detected in {wall_s:.0f} s, of which {cpu_s:.0f} s on the CPU")
    coco.score(truth_path, found_path)
    if options.picture is not None:
        from draw import draw

        shown = _worth_showing(scenes)
        draw([scenes[i] for i in shown], [found[i] for i in shown], options.picture)


def _worth_showing(scenes: Sequence[Scene]) -> list[int]:
    """Return the first scene of many digits and the first with a heap."""
    return [
        next(i for i, scene in enumerate(scenes) if len(scene.boxes) >= 7),
        next(i for i, scene in enumerate(scenes) if scene.iscrowd.any()),
    ]


if __name__ == "__main__":
    main()
