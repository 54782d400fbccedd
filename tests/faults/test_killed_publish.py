"""A publish that is killed at random moments, again and again, in one library."""

from __future__ import annotations

import itertools
import os
import random
import signal
from pathlib import Path

import pytest
from ledger import check_settled
from suffering import Sufferer

pytestmark = [pytest.mark.faults, pytest.mark.slow]

EVERYTHING = os.environ.get("BIFROST_AMS_TEST_EVERYTHING", "") not in ("", "0")
KILLS = 40
ROUNDS = 6 if EVERYTHING else 1


def _seconds_of_publish(sufferer: Sufferer) -> float:
    tried = sufferer.publish(count=4)
    sufferer.ledger.check(tried.tokens, tried.outcomes)
    sufferer.forget(tried)
    return sorted(outcome["seconds"] for outcome in tried.outcomes)[1]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_version_is_half_or_lost_when_publishes_are_killed(sufferer: Sufferer, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    seconds = _seconds_of_publish(sufferer)
    killed = 0
    for number in itertools.count():
        tried = sufferer.publish(count=3, kill_after=chance.uniform(0, 1.5 * seconds))
        killed += tried.signal == signal.SIGKILL
        sufferer.ledger.check(tried.tokens, tried.outcomes)
        interrupted = tried.tokens[min(len(tried.outcomes), 2)]
        if number % 4 == 3:
            sufferer.ledger.abort(interrupted)
        else:
            sufferer.ledger.repeat(interrupted)
        sufferer.forget(tried)
        if killed == KILLS:
            break
    found = check_settled(sufferer.root, tmp_path / "rebuilt")
    assert found["leftovers"] + found["blobs"] > 0, "no kill hit a publish under way"
