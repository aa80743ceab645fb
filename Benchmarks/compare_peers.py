#!/usr/bin/env python3
"""Measures the engine's step loop beside llama.cpp on the same random model, and prints BENCH lines.

    compare_peers.py [--rounds N]

Both sides get two threads: ours are two ranks of one thread each. They take turns within a run, so that a busy machine
hurts both; a value is the ratio of the medians over the rounds, of our mean and of llama.cpp's mean, and `p50` is the
same with the median of our steps. Prompts of 128 tokens, then 32 tokens each. `Benchmarks/peers` builds what is needed.
"""
import argparse
import json
import os
import statistics
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(ROOT, ".build", "peers")
STEP_LOOP = os.path.join(ROOT, ".build", "release", "StepLoop")
BATCHES = [1, 8, 32]
BARS = {1: 1.3, 8: 1.5, 32: 2.0}


def ours(ranks, batches, prefill=128):
    """Tokens per second by (kind, batch): (mean, p50)."""
    command = [STEP_LOOP, "--model", f"{PEERS}/ds-196m", "--cache", f"{PEERS}/packed", "--dtype", "bfloat16",
               "--ranks", str(ranks), "--context", "128", "--steps", "32", "--prefill", str(prefill)]
    output = subprocess.run(command + [str(b) for b in batches], check=True, capture_output=True, text=True).stdout
    result = {}
    for line in output.splitlines():
        if line.startswith("STEP "):
            fields = dict(part.split("=") for part in line.split()[1:])
            result[fields["kind"], int(fields["batch"])] = (
                float(fields["mean_tokens_per_s"]), float(fields["tokens_per_s"]))
    return result


def llama(model):
    """The same of llama.cpp, which tells means only."""
    command = [f"{PEERS}/build/bin/llama-batched-bench", "-m", model, "-c", "8192", "-b", "2048", "-ub", "512",
               "-npp", "128", "-ntg", "32", "-npl", ",".join(map(str, BATCHES)), "-t", "2", "-tb", "2",
               "--output-format", "jsonl"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = {}
    for line in output.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            result["prefill", row["pl"]] = row["speed_pp"]
            result["decode", row["pl"]] = row["speed_tg"]
    return result


def median(rounds, key, pick=lambda value: value):
    return statistics.median(pick(values[key]) for values in rounds)


def bench(name, ours_mean, ours_p50, peer, peer_name, bar):
    line = f"BENCH name={name} value={ours_mean / peer:.2f} unit=ratio"
    line += f" bar=>={bar}" if bar else ""
    print(f"{line} ours={ours_mean:.0f} peer={peer:.0f} peer_name={peer_name} p50={ours_p50 / peer:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    two, one, peer, weak = [], [], [], []
    for _ in range(rounds):
        two.append(ours(2, BATCHES))
        peer.append(llama(f"{PEERS}/ds-196m-bf16.gguf"))
        one.append(ours(1, [1, 32], prefill=0))
        weak.append(ours(2, [64], prefill=0))
    for batch in BATCHES:
        key = "decode", batch
        bench(f"decode_bf16_b{batch}", median(two, key, lambda v: v[0]), median(two, key, lambda v: v[1]),
              median(peer, key), "llama.cpp", BARS[batch])
    key = "prefill", 8
    bench("prefill_bf16", median(two, key, lambda v: v[0]), median(two, key, lambda v: v[1]), median(peer, key),
          "llama.cpp", 2.0)
    many, few = ("decode", 64), ("decode", 32)
    print(f"BENCH name=dp2_over_dp1_b32 value={median(weak, many, lambda v: v[1]) / median(one, few, lambda v: v[1]):.2f}"
          f" unit=ratio bar=>=1.5 mean={median(weak, many, lambda v: v[0]) / median(one, few, lambda v: v[0]):.2f}")
    lone, paired = median(one, ("decode", 1), lambda v: v[1]), median(two, ("decode", 1), lambda v: v[1])
    print(f"BENCH name=idle_peer_cost_b1 value={max(0, lone / paired - 1) * 100:.0f} unit=percent bar=<=15")


if __name__ == "__main__":
    main()
