"""Any storage is a benchmark: what would samplers have made of what an owner ran?

Every study of a storage is run again. A sampler may only choose among the configurations that the
owner ran, and is told what the owner found: no surrogate, no invented value. The owner's other
studies are its past.

    archive = Archive.read("sqlite:///studies.db")
    targets, left_out = archive.targets()
    plan = Plan(seeds=3)
    replay = Replay.of(targets, plan, execute(targets, plan), left_out)
    print(replay.median_trials("metagp", "close"))
"""

from optuna_metabo.replay.archive import Archive, NothingToReplay
from optuna_metabo.replay.orders import ORDERS, Target, by_proposals, by_scores, default_orders
from optuna_metabo.replay.pool import Pool
from optuna_metabo.replay.runs import Failed, Plan, Run, execute
from optuna_metabo.replay.summary import Measured, Replay
from optuna_metabo.replay.yardstick import Yardstick

__all__ = [
    "ORDERS",
    "Archive",
    "Failed",
    "Measured",
    "NothingToReplay",
    "Plan",
    "Pool",
    "Replay",
    "Run",
    "Target",
    "Yardstick",
    "by_proposals",
    "by_scores",
    "default_orders",
    "execute",
]
