"""A small part of the campaign of `benchmarks/faults/kill.py`: the service is killed twice."""

import random

import pytest

from boxgauge.engine import Engine


@pytest.mark.usefixtures("campaigns")
async def test_nothing_is_lost_or_counted_twice_when_it_is_killed_and_killed_again(
    engine: Engine,
) -> None:
    import kill

    campaign = kill.Campaign()
    # Under load, and as soon as the next one has the journal open. A start may be so fast that the
    # second kill falls behind its recovery: that is no fault, and all else must hold there, too.
    await kill.run_once(engine, campaign, [kill.OPENED], 0.3, random.Random(4), restarts=False)
    assert sum(campaign.kills.values()) == 2
    assert campaign.kills["between checkpoints"] + campaign.kills["in a checkpoint"] >= 1
    assert campaign.kills["starting"] == 0, "nobody is killed before the journal is open"
    assert 500 < campaign.acknowledged <= campaign.repeated
    assert campaign.compared > 100
