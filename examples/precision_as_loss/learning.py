"""Train one detector: the same network, order, flips and schedule for every configuration."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from balance import Balance, EpochByEpoch, Fixed, StepByStep
from configurations import Configuration, Outcome
from detector import Detector
from lessons import Lessons
from splits import Splits

from boxgauge.losses import total_loss

_CLIPPED_AT = 5.0  # norm of the gradient


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn, and how much boxes weigh.

    Attributes:
        epochs: How often each picture is seen.
        batch: Pictures a step.
        peak_rate: The one-cycle schedule's greatest learning rate.
        box_weight: Factor of the box term; None balances the two terms: at each step, or,
            for a configuration without a free weight, as aLRP does.
    """

    epochs: int
    batch: int = 8
    peak_rate: float = 4e-3
    box_weight: float | None = 2.0


class DivergedError(ArithmeticError):
    """A loss that is not finite."""


def train(
    splits: Splits, lessons: Lessons, configuration: Configuration, recipe: Recipe, *, seed: int
) -> Detector:
    """Return a trained detector in evaluation mode.

    The seed decides the first weights, the order of the pictures and their flips, so that
    runs of two configurations with one seed differ in their losses alone.

    Raises:
        DivergedError: Names the step.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Detector(splits.size, channels=splits.channels, class_count=len(splits.classes))
    # A quarter faster on a CPU; torch's types leave the argument out.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        max_lr=recipe.peak_rate,
        total_steps=recipe.epochs * lessons.steps(recipe.batch),
    )
    balance = _balance(configuration, recipe)
    step = 0
    for _ in range(recipe.epochs):
        for lesson in lessons.epoch(rng, recipe.batch):
            step += 1
            logits, boxes = model(lesson.images)
            terms = configuration.terms(Outcome(lesson, logits, boxes, model.points, model.strides))
            weight = balance.weight(_value(terms["classification"]), _value(terms["box"]))
            total = total_loss(terms, {"classification": 1.0, "box": weight}).total
            if not math.isfinite(_value(total)):
                where = f"{configuration.title}, seed {seed}, step {step}"
                raise DivergedError(f"{where}: the loss is {_value(total)}")
            optimiser.zero_grad()
            torch.autograd.backward(total)
            torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIPPED_AT)
            optimiser.step()
            schedule.step()
        balance.end_epoch()
    return model.eval()


def _balance(configuration: Configuration, recipe: Recipe) -> Balance:
    if not configuration.weighted:
        return EpochByEpoch()
    return StepByStep() if recipe.box_weight is None else Fixed(recipe.box_weight)


def _value(term: torch.Tensor) -> float:
    return float(term.detach())
