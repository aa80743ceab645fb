#!/usr/bin/env python3
"""Writes Tests/DeploymentTests/Samples/autoscaling.json: what Ray's own code decides in random situations.

Needs `pip install 'ray[serve]==2.60.0'`. Nothing of Ray is copied: its functions are called, with a clock of ours.
"""
import json
import math
import pathlib
import random
import types

from ray.serve._private.common import TimeStampedValue
from ray.serve._private.metrics_utils import aggregate_timeseries, merge_instantaneous_total
from ray.serve import autoscaling_policy
from ray.serve.config import AggregationFunction, AutoscalingConfig

OUTPUT = pathlib.Path(__file__).parent.parent / "DeploymentTests/Samples/autoscaling.json"
RANDOM = random.Random(4)
policy = autoscaling_policy._apply_autoscaling_config(autoscaling_policy.replica_queue_length_autoscaling_policy)


def folded(sources, aggregation, now):
    """AutoscalingState._merge_and_aggregate_timeseries at `now`, which is a method of an actor's state there."""
    merged = merge_instantaneous_total(sources)
    start = None
    if len(sources) > 1:
        aligned = max(source[0].timestamp for source in sources)
        if aligned <= merged[-1].timestamp:
            start = max(aligned, merged[0].timestamp)
    last = now - merged[-1].timestamp
    value = aggregate_timeseries(
        merged, AggregationFunction(aggregation), last_window_s=last if last > 0 else 1e-3, window_start=start)
    return value or 0.0


def windows():
    for index in range(120):
        now = 1000.0 + RANDOM.randrange(100)
        sources = []
        for _ in range(RANDOM.randint(1, 4)):
            times = sorted(now - second for second in RANDOM.sample(range(0, 31), RANDOM.randint(1, 12)))
            sources.append([(time, float(RANDOM.randint(0, 9))) for time in times])
        aggregation = ("mean", "max", "min")[index % 3]
        series = [[TimeStampedValue(*point) for point in source] for source in sources]
        yield {"sources": sources, "aggregation": aggregation, "now": now, "total": folded(series, aggregation, now)}


def stories():
    for index in range(60):
        low = RANDOM.choice([0, 1, 1, 2])
        fields = {
            "min_replicas": low,
            "max_replicas": low + RANDOM.randint(1, 20),
            "target_ongoing_requests": RANDOM.choice([0.5, 1, 2, 2, 5]),
            "upscale_delay_s": RANDOM.choice([0, 1, 3, 30]),
            "downscale_delay_s": RANDOM.choice([0, 2, 5, 600]),
            "downscale_to_zero_delay_s": RANDOM.choice([None, 1]),
            "upscaling_factor": RANDOM.choice([None, 0.3, 1, 2]),
            "downscaling_factor": RANDOM.choice([None, 0.3, 0.6]),
            "smoothing_factor": RANDOM.choice([1.0, 0.5]),
        }
        config = AutoscalingConfig(**fields)
        state, target, running, load, steps = {}, max(1, low), max(1, low), 0.0, []
        for tick in range(40):
            now = 1e6 + tick
            autoscaling_policy.time = types.SimpleNamespace(time=lambda: now)
            if RANDOM.random() < 0.2:
                load = RANDOM.choice([0, 0, 1, 3, 7.5, 20, 61])
            context = types.SimpleNamespace(
                current_num_replicas=running, target_num_replicas=target, total_num_requests=load, config=config,
                policy_state=state)
            decided, state = policy(context)
            decided = max(config.min_replicas, min(config.max_replicas, math.ceil(decided)))
            steps.append({"load": load, "running": running, "target": target, "now": now, "decided": decided})
            target = decided
            if RANDOM.random() < 0.7:
                running = target
        yield {"config": {
            **fields, "upscaling_factor": config.get_upscaling_factor(),
            "downscaling_factor": config.get_downscaling_factor()}, "steps": steps}


table = {"windows": list(windows()), "stories": list(stories())}
OUTPUT.parent.mkdir(exist_ok=True)
lines = [f'"{key}":[\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]"
         for key, rows in table.items()]
OUTPUT.write_text("{" + ",\n".join(lines) + "}\n")
