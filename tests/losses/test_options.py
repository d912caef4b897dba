"""The numeric options of all losses: refused by name outside their ranges, safe within them."""

import inspect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import boxgauge.losses
from boxgauge.losses import Composition, CrossEntropyLoss, DescriptionError, LossModule
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.registry import loss_modules
from tests.conftest import ROOT

NO_NUMBERS = [math.nan, math.inf, -math.inf]
# Soft recall is soft F-beta at infinity.
MEANT = {("soft_f_beta_loss", "beta", math.inf)}
# What the constructors that have no default for it are given.
NEEDED: dict[str, dict[str, Any]] = {"seesaw_loss": {"classes": 4}}

pytestmark = pytest.mark.usefixtures("signatures_unchecked")


def numeric_options() -> Iterator[tuple[str, str, bool]]:
    """Yield each loss with each of its options that is a number or a sequence of them."""
    for name, module in sorted(loss_modules().items()):
        for option, default in module.signature.options.items():
            if not isinstance(default, bool | str):
                yield name, option, isinstance(default, tuple)


every_option = pytest.mark.parametrize(("name", "option", "is_sequence"), [*numeric_options()])


def without_rows(module: type[LossModule]) -> list[Tensor]:
    signature = module.signature
    return [each.empty({}) for each in (*signature.inputs, *signature.states)]


@every_option
@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_finite_number_is_refused_by_name(
    name: str, option: str, is_sequence: bool, value: float
) -> None:
    if (name, option, value) in MEANT:
        return
    module = loss_modules()[name]
    given: Any = (0.5, value) if is_sequence else value
    message = rf"{option} must be .*: got {value}"
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(boxgauge.losses, name)(*without_rows(module), **{option: given})
    with pytest.raises((TypeError, ValueError), match=rf"{name}: {message}"):
        module(**NEEDED.get(name, {}), **{option: given})
    if not module.signature.states:
        term = {"loss": name, "options": {option: given}}
        with pytest.raises(DescriptionError, match=rf"terms\[0\]: {name}: {message}"):
            Composition.from_description({"terms": [term]})


@every_option
def test_what_is_no_number_is_refused_by_name(name: str, option: str, is_sequence: bool) -> None:
    module = loss_modules()[name]
    with pytest.raises((TypeError, ValueError), match=f"{option} must be .*: got '2'"):
        getattr(boxgauge.losses, name)(
            *without_rows(module), **{option: ("2",) if is_sequence else "2"}
        )


@pytest.mark.parametrize(("name", "module"), sorted(loss_modules().items()))
def test_any_value_within_the_range_keeps_the_loss_finite(
    name: str, module: type[LossModule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from hostile_inputs import draw

    rng = np.random.default_rng(0)
    signature = module.signature
    tensors = (*signature.inputs, *signature.states)
    ports = [
        {
            "name": each.name,
            "dtype": "int64" if each.is_integer else "float32",
            "shape": [int(a) if a.isdecimal() else {"...": "n"}.get(a, a) for a in each.axes],
        }
        for each in tensors
    ]
    sizes = {"p": 7, "k": 4, "b": 9, "bins": 10}
    taken = 0
    for n in (1, 2, 200):
        drawn = draw(ports, sizes | {"n": n}, rng)
        for option, default in signature.options.items():
            for value in (0.0, 1e-16, 1e-6, 1e-3, 0.5, 1.0, 5.0, 1e3, 1e6):
                if isinstance(default, bool | str):
                    continue
                inputs = [torch.from_numpy(drawn[each.name]) for each in tensors]
                inputs[0].requires_grad_()
                try:
                    result = getattr(boxgauge.losses, name)(
                        *inputs, **{option: (value,) if isinstance(default, tuple) else value}
                    )
                except (TypeError, ValueError):
                    continue
                loss = result[0] if isinstance(result, tuple) else result
                (slope,) = torch.autograd.grad(loss.sum(), inputs[0])
                assert loss.isfinite().all(), (option, value)
                assert slope.isfinite().all(), (option, value)
                taken += 1
    assert taken or not any(True for each, _, _ in numeric_options() if each == name)


def test_classes_to_ignore_are_whole_numbers() -> None:
    with pytest.raises(TypeError, match=r"cross_entropy_loss: ignore_index must .*: got 0\.5"):
        CrossEntropyLoss(ignore_index=0.5)


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("[0, 1)", [0, 0.5, -0.0], [1, -1e-300, math.nan, math.inf]),
        ("(0, 1]", [1, 5e-324], [0, 1.0000001]),
        ("[0, inf]", [0, 1e300, math.inf], [-1, math.nan]),
        ("(-inf, 1]", [-1e300, 1], [-math.inf, 2]),
        ("0 or [1, 2]", [0, 1, 2], [0.5, 3, math.nan]),
    ],
)
def test_an_interval_is_read_as_it_is_written(
    wanted: str, inside: list[float], outside: list[float]
) -> None:
    for value in inside:
        refuse_outside(wanted, option=value)
    for value in outside:
        with pytest.raises(ValueError, match=r"option must be .*: got"):
            refuse_outside(wanted, option=value)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("[0, 1)", r"^gamma must be in \[0, 1\): got -2$"),
        ("(0, 1)", r"^gamma must be in \(0, 1\): got -2$"),
        ("0 or [1, 1e6]", r"^gamma must be 0 or in \[1, 1e6\]: got -2$"),
    ],
)
def test_the_message_says_the_interval_and_the_value(wanted: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse_outside(wanted, gamma=-2)


@pytest.mark.parametrize("value", [True, "1", None, torch.ones(1)])
def test_only_numbers_are_numbers(value: object) -> None:
    options: dict[str, Any] = {"gamma": value}
    with pytest.raises(TypeError, match="gamma must be a number: got"):
        refuse_outside("[0, 1]", **options)


def test_every_loss_with_a_range_says_so() -> None:
    for name, _, _ in numeric_options():
        assert "Raises:" in (inspect.getdoc(getattr(boxgauge.losses, name)) or ""), name
