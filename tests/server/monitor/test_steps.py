"""Steps bring a store from what the sides were to what they are, whatever happened between."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from boxgauge.server.journal.types import Change, HeldSide
from boxgauge.server.monitor.definition import Compared
from boxgauge.server.monitor.steps import beside, facts_of, model_store, pair_store, steps_of

PAIRS = (Compared("a", "b"), Compared("c", "a"))
MODELS = ("a", "b", "c", "d")
EVENTS = st.lists(
    st.tuples(st.sampled_from(["", *MODELS]), st.integers(1, 3), st.booleans()), max_size=25
)


def side(number: int) -> HeldSide:
    return HeldSide(number, 0, b"", 0, 10 * number, 11 * number, (), "", "")


class Sides:
    """The journal's part, one side at a time."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, int], HeldSide] = {}
        self.number = 0

    def change(self, model: str, image: int, *, retracts: bool) -> list[Change]:
        before = dict(self.held)
        self.number += 1
        if retracts:
            self.held.pop((model, image), None)
        else:
            self.held[model, image] = side(self.number)
        found = []
        for each in MODELS if model == "" else (model,):
            partners_before, partners = (
                {
                    other: sides[other, image]
                    for other in beside(PAIRS).get(each, ())
                    if (other, image) in sides
                }
                for sides in (before, self.held)
            )
            if model == "":
                # A label changes a pair once: in the change of one of its two models.
                earlier = MODELS[: MODELS.index(each)]
                later = MODELS[MODELS.index(each) + 1 :]
                partners_before = {k: v for k, v in partners_before.items() if k in later}
                partners = {k: v for k, v in partners.items() if k in earlier}
            own = before.get((each, image)), self.held.get((each, image))
            if own == (None, None):
                continue
            found.append(
                Change(
                    self.number,
                    1,
                    each,
                    image,
                    *own,
                    before.get(("", image)),
                    self.held.get(("", image)),
                    partners,
                    partners_before,
                )
            )
        return found

    def content(self) -> Counter[tuple[str, int, int, int, int]]:
        """Return what every store should have now."""
        found: Counter[tuple[str, int, int, int, int]] = Counter()
        for (model, image), held in self.held.items():
            truth = self.held.get(("", image))
            if model == "" or truth is None:
                continue
            found[model_store(model), image, held.number, truth.number, held.number] += 1
            for pair in PAIRS:
                other = pair.other(model)
                if other and (other, image) in self.held:
                    told_by = self.held[pair.champion, image].number
                    found[pair_store(pair, model), image, held.number, truth.number, told_by] += 1
        return found


@given(events=EVENTS, size=st.integers(1, 8))
def test_stores_have_what_is_joined_now_in_any_batching(
    events: list[tuple[str, int, bool]], size: int
) -> None:
    sides, stores = Sides(), Counter[tuple[str, int, int, int, int]]()
    waiting: list[Change] = []

    def settle() -> None:
        for step in steps_of(waiting, PAIRS):
            joined = step.joined
            key = (step.store, joined.image_id, *joined.key, joined.told_by.number)
            stores[key] += step.sign
            assert stores[key] in (0, 1), "taken out before it was in, or put in twice"
        waiting.clear()

    for k, (model, image, retracts) in enumerate(events):
        waiting += sides.change(model, image, retracts=retracts)
        if k % size == 0:
            settle()
            assert +stores == sides.content()
    settle()
    assert +stores == sides.content()


def test_facts_are_of_the_prediction_but_for_the_label_s_own() -> None:
    predictions = replace(side(3), slices=("camera=a",), cluster="video")
    truth = replace(side(5), slices=("label_source=x", "camera=a"), source="x")
    change = Change(1, 1, "d", 7, None, predictions, None, truth)
    (step,) = steps_of([change], PAIRS)
    facts = facts_of([step.joined])
    assert facts.times_us.tolist() == [30]
    assert facts.slices == (("camera=a", "label_source=x"),)
    assert (facts.clusters, facts.sources, facts.delays_us.tolist()) == (("video",), ("x",), [25])


def test_a_label_from_before_its_prediction_took_no_time() -> None:
    change = Change(1, 1, "d", 7, None, side(9), None, side(1))
    (step,) = steps_of([change], PAIRS)
    facts = facts_of([step.joined])
    assert facts.delays_us.tolist() == [0]
    assert facts.clusters == (7,)
