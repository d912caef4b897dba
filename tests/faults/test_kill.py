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
    # Under load, and while it recovers from that.
    await kill.run_once(engine, campaign, [kill.RECOVERY], 0.3, random.Random(4), restarts=False)
    assert sum(campaign.kills.values()) == 2
    assert campaign.kills["between checkpoints"] + campaign.kills["in a checkpoint"] == 1
    assert 500 < campaign.acknowledged <= campaign.repeated
    assert campaign.compared > 100
