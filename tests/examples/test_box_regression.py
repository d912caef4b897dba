"""The simulation of box regression: its cases, its gradients, and what a short run gives."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("matplotlib", reason="the examples extra (matplotlib) is not installed")

import explain
import simulate
from contestants import CONTESTANTS, Contestant
from descent import descend
from gradients import by_centres, corners, graph_gradient, graph_iou
from options import OPTIONS
from protocol import CASES_AT_A_CENTRE, CENTRES, Cases, Floats, cases_at, draw_centres, rates
from regression_results import Result, load, save, table
from variants import VARIANTS, autograd_gradient
from ways import Way, eager_iou

from boxgauge.engine import Engine, ModelRepository
from boxgauge.export.entries.boxes import BOXES
from boxgauge.export.gradient import gradient_entry

LABELS = [each.label for each in CONTESTANTS]


@pytest.fixture(scope="module")
def engine(graphs_dir: Path) -> Engine:
    names = ["iou_loss", *(f"{each.graph}_gradient" for each in CONTESTANTS)]
    return Engine.open(ModelRepository.open(graphs_dir), names=names)


@pytest.fixture(scope="module")
def results(graphs_dir: Path) -> dict[str, Result]:
    found = simulate.simulate(CONTESTANTS, draw_centres(2, seed=0), graphs_dir)
    return {result.label: result for result in found}


def somewhere(count: int = 6) -> Cases:
    """Return a few of the cases, moved a little so that no two sides are level."""
    cases = cases_at(draw_centres(count, seed=3))
    rng = np.random.default_rng(4)
    noise = rng.uniform(-0.05, 0.05, cases.anchors.shape).astype(np.float32)
    return Cases(cases.centres, cases.anchors + noise, cases.targets)


def test_the_full_size_is_the_papers() -> None:
    assert CENTRES * CASES_AT_A_CENTRE == 1_715_000
    cases = cases_at(draw_centres(3, seed=0))
    assert cases.anchors.shape == cases.targets.shape == (3 * 343, 4)
    assert len(np.unique(cases.anchors.round(5), axis=0)) == 3 * 49
    areas = cases.targets[:, 2] * cases.targets[:, 3]
    np.testing.assert_allclose(areas, 1, rtol=1e-6)


def test_the_rate_falls_twice() -> None:
    steps = rates()
    assert len(steps) == 200
    assert (steps[159], steps[160], steps[179], steps[180]) == (0.1, 0.01, 0.01, 0.001)


def test_a_short_run_is_the_beginning_of_the_long_one() -> None:
    centres = draw_centres(CENTRES, seed=0)
    np.testing.assert_array_equal(draw_centres(7, seed=0), centres[:7])
    distance = np.linalg.norm(centres - 10, axis=1)
    assert distance.max() < 3
    # Uniform in the disc: a quarter of them lies in the inner half of the radius.
    assert (distance < 1.5).mean() == pytest.approx(0.25, abs=0.02)


def test_every_box_loss_of_the_catalog_takes_part() -> None:
    assert {each.graph for each in CONTESTANTS} == {entry.name for entry in BOXES}


def test_gradients_by_corners_become_gradients_by_centres() -> None:
    boxes = torch.from_numpy(somewhere().anchors).requires_grad_()
    weights = torch.randn(boxes.shape, generator=torch.Generator().manual_seed(0))
    cx, cy, w, h = boxes.unbind(-1)
    sides = torch.stack((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), dim=-1)
    (wanted,) = torch.autograd.grad((sides * weights).sum(), boxes)
    plain = boxes.detach().numpy()
    np.testing.assert_allclose(corners(plain), sides.detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(by_centres(weights.numpy()), wanted.numpy(), atol=1e-6)


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=LABELS)
def test_the_graphs_gradients_are_autograds(engine: Engine, contestant: Contestant) -> None:
    cases = somewhere()
    entry = next(each for each in BOXES if each.name == contestant.graph)
    names = [port.name for port in entry.inputs]
    leaf = torch.from_numpy(cases.anchors.copy()).requires_grad_()
    targets = torch.from_numpy(cases.targets)
    in_corners = "pred" in names
    given = [_corner_form(each) if in_corners else each for each in (leaf, targets)]
    inputs = [each * contestant.pixels for each in given]
    for name in names[2:]:
        extra = contestant.extras.get(name)
        inputs.append(torch.ones(1) if extra is None else torch.tensor([extra] * len(leaf)))
    (wanted,) = torch.autograd.grad(entry(*inputs)[0].sum(), leaf)

    got = graph_gradient(engine, contestant, cases.targets)(cases.anchors)
    error = np.abs(got - wanted.numpy()).max() / max(1, float(wanted.abs().max()))
    assert error < 1e-5
    assert gradient_entry(entry).outputs[-1].name in {"grad_pred", "grad_pred_cxcywh"}


@pytest.mark.parametrize("name", ["IoU", "GIoU", "DIoU", "CIoU"])
def test_the_plain_variants_are_the_librarys_losses(engine: Engine, name: str) -> None:
    cases = somewhere()
    contestant = next(each for each in CONTESTANTS if each.label == name)
    variant = next(each for label, each in VARIANTS.items() if label.partition(" ")[0] == name)
    got = autograd_gradient(variant, cases.targets)(cases.anchors)
    wanted = graph_gradient(engine, contestant, cases.targets)(cases.anchors)
    np.testing.assert_allclose(got, wanted, atol=2e-5)


def test_the_eager_iou_is_the_graphs(engine: Engine) -> None:
    cases = somewhere()
    got = eager_iou(cases.targets)(cases.anchors)
    np.testing.assert_allclose(got, graph_iou(engine, cases.targets)(cases.anchors), atol=1e-6)


def test_a_running_state_goes_from_step_to_step(engine: Engine) -> None:
    cases = somewhere()
    contestant = next(each for each in CONTESTANTS if each.label == "Wise-IoU v3")
    gradient = graph_gradient(engine, contestant, cases.targets)
    first, second = gradient(cases.anchors), gradient(cases.anchors)
    assert not np.array_equal(first, second)
    again = graph_gradient(engine, contestant, cases.targets)(cases.anchors)
    np.testing.assert_array_equal(first, again)


def test_a_width_that_passes_zero_is_turned() -> None:
    target = np.array([[10, 10, 1, 1]], dtype=np.float32)
    cases = Cases(np.array([[10.0, 10.0]]), np.array([[10, 10, 0.5, 1]], np.float32), target)
    shrink = np.array([[0, 0, 1, 0]], dtype=np.float32)

    def slope(_boxes: Floats) -> Floats:
        return shrink

    def apart(boxes: Floats) -> Floats:
        return np.zeros(len(boxes), dtype=np.float32)

    seen: list[Floats] = []
    course = descend(
        cases, slope, apart, [0.2, 0.2], watch=lambda _step, boxes: seen.append(boxes.copy())
    )
    np.testing.assert_allclose([each[0, 2] for each in seen], [0.5, 0.1, 0.3], atol=1e-6)
    assert course.reflected == 1
    np.testing.assert_allclose(course.error_sums, [0.5, 0.9, 0.7], atol=1e-6)


def test_all_losses_begin_with_the_same_error(results: dict[str, Result]) -> None:
    assert list(results) == LABELS
    assert len({result.curve[0] for result in results.values()}) == 1
    assert {result.cases for result in results.values()} == {2 * 343}
    assert all(np.isfinite(result.curve).all() for result in results.values())


def test_iou_leaves_boxes_apart_where_they_are(results: dict[str, Result]) -> None:
    cases = cases_at(draw_centres(2, seed=0))
    apart = eager_iou(cases.targets)(cases.anchors) == 0
    at_first = np.abs(cases.anchors - cases.targets).sum(axis=1)[apart].mean()
    assert results["IoU"].apart == pytest.approx(at_first, rel=1e-5)
    assert results["GIoU"].apart < 0.5


def test_the_errors_of_the_centres_add_up(results: dict[str, Result]) -> None:
    for result in results.values():
        assert result.by_centre.mean() == pytest.approx(result.curve[-1], rel=1e-5)


def test_results_come_back_as_they_were_saved(results: dict[str, Result], tmp_path: Path) -> None:
    centres = draw_centres(2, seed=0)
    save(tmp_path, centres, list(results.values()))
    back, again = load(tmp_path)
    np.testing.assert_array_equal(back, centres)
    assert table(again) == table(list(results.values()))
    header, *rows = (tmp_path / "curves.csv").read_text().splitlines()
    assert header.split(",") == ["step", *LABELS]
    assert len(rows) == 201


def test_the_script_prints_a_table_and_draws(
    graphs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--fraction", "0.0002", "--loss", "iou_loss", "giou_loss"]
    simulate.main([*run, "--graphs", str(graphs_dir), "--results", str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed.splitlines()[2].startswith("| GIoU |")
    simulate.main(["--redraw", "--results", str(tmp_path)])
    assert capsys.readouterr().out == printed
    for name in ("box-regression.png", "box-regression-map.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("share", ["0", "1.5", "-1"])
def test_a_fraction_outside_its_range_is_refused(
    share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        simulate.main(["--fraction", share])
    assert f"got {share}" in capsys.readouterr().err


def test_the_explanation_has_every_loss_and_variant(
    graphs_dir: Path,
    results: dict[str, Result],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(tmp_path, draw_centres(2, seed=0), list(results.values()))
    explain.main(["--fraction", "0.0002", "--graphs", str(graphs_dir), "--results", str(tmp_path)])
    ways, options, variants, directions = capsys.readouterr().out.split(":\n\n")
    assert all(f"| {label} |" in ways and f"| {label} |" in directions for label in LABELS)
    assert all(f"| {label} |" in options for label in OPTIONS)
    assert all(f"| {label} |" in variants for label in VARIANTS)


def test_to_and_fro_is_a_long_path_and_no_way() -> None:
    way = Way()
    for step in range(201):
        way(step, np.full((3, 4), step % 2 + 0.01 * step, dtype=np.float32))
    # 20 steps, by turns 1.01 forth and 0.99 back.
    assert way.path == pytest.approx(20, rel=1e-4)
    assert way.net == pytest.approx(0.2, rel=1e-3)


def test_the_bands_of_direction_tell_axes_from_diagonals() -> None:
    angles = np.radians([0, 10, 90, 20, 110, 45, 140, 225])
    centres = 10 + 2.5 * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    errors = np.array([1.0, 1, 1, 2, 2, 3, 3, 3])
    result = Result("loss", 8, np.zeros(201), errors, 0, 0, 0, 0, 0)
    assert explain.directions(centres, [result])[-1] == "| loss | 1.0000 | 2.0000 | 3.0000 |"


def _corner_form(boxes: torch.Tensor) -> torch.Tensor:
    cx, cy, w, h = boxes.unbind(-1)
    return torch.stack((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), dim=-1)
