#!/usr/bin/env python3
"""Measures the engine's step loop beside llama.cpp and transformers on the same random model, and prints BENCH lines.

    compare_peers.py [--rounds N]

All get two threads: ours are two ranks of one thread each. They take turns within a run, so that a busy machine hurts
all; a value is the ratio of the medians over the rounds, of our mean and of the peer's mean, and `p50` is the same with
the median of our steps. Prompts of 128 tokens, then 32 tokens each. `Benchmarks/peers` builds what is needed.
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
BARS = {"bfloat16": {1: 1.3, 8: 1.5, 32: 2.0}, "int8": {1: 2.0, 8: None, 32: 4.0}}


def fields(line):
    return dict(part.split("=") for part in line.split()[1:])


def ours(ranks, batches, dtype="bfloat16", prefill=128):
    """By (kind, batch): tokens per second of the mean and of the median step, and the share of the memory's bound."""
    command = [STEP_LOOP, "--model", f"{PEERS}/ds-196m", "--cache", f"{PEERS}/packed", "--dtype", dtype,
               "--ranks", str(ranks), "--context", "128", "--steps", "32", "--prefill", str(prefill)]
    output = subprocess.run(command + [str(b) for b in batches], check=True, capture_output=True, text=True).stdout
    result = {}
    for line in filter(lambda line: line.startswith("STEP "), output.splitlines()):
        row = fields(line)
        result[row["kind"], int(row["batch"])] = (
            float(row["mean_tokens_per_s"]), float(row["tokens_per_s"]), float(row.get("share_of_bound", 0)))
    return result


def llama(model):
    """Mean tokens per second; None when it cannot run the model."""
    command = [f"{PEERS}/build/bin/llama-batched-bench", "-m", model, "-c", "8192", "-b", "2048", "-ub", "512",
               "-npp", "128", "-ntg", "32", "-npl", ",".join(map(str, BATCHES)), "-t", "2", "-tb", "2",
               "--output-format", "jsonl"]
    # Its repacked weights for AMX end in an assertion with experts in Q8_0: then as they are in the file.
    for extra in ([], ["--no-repack"]):
        done = subprocess.run(command + extra, capture_output=True, text=True)
        if done.returncode == 0:
            break
    done.check_returncode()
    result = {}
    for line in filter(lambda line: line.startswith("{"), done.stdout.splitlines()):
        row = json.loads(line)
        result["prefill", row["pl"]] = row["speed_pp"]
        result["decode", row["pl"]] = row["speed_tg"]
    return result


def transformers():
    command = [f"{PEERS}/venv/bin/python", f"{ROOT}/Benchmarks/transformers_peer.py", f"{PEERS}/ds-196m"]
    output = subprocess.run(command + [str(b) for b in BATCHES], check=True, capture_output=True, text=True).stdout
    rows = [fields(line) for line in output.splitlines() if line.startswith("STEP ")]
    return {(row["kind"], int(row["batch"])): float(row["mean_tokens_per_s"]) for row in rows}


def median(rounds, key, index=None):
    return statistics.median(values[key] if index is None else values[key][index] for values in rounds)


def compare(name, key, rounds, peers, peer_name, bar):
    mean, p50, peer = median(rounds, key, 0), median(rounds, key, 1), median(peers, key)
    bar = f" bar=>={bar}" if bar else ""
    print(f"BENCH name={name} value={mean / peer:.2f} unit=ratio{bar} ours={mean:.0f} peer={peer:.0f}"
          f" peer_name={peer_name} p50={p50 / peer:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    two, eight, one, weak, bf16, q8, torch = [], [], [], [], [], [], []
    for _ in range(rounds):
        two.append(ours(2, BATCHES))
        bf16.append(llama(f"{PEERS}/ds-196m-bf16.gguf"))
        eight.append(ours(2, BATCHES, "int8"))
        q8.append(llama(f"{PEERS}/ds-196m-q8_0.gguf"))
        one.append(ours(1, [1, 32], prefill=0))
        weak.append(ours(2, [64], prefill=0))
        torch.append(transformers())
    for batch in BATCHES:
        compare(f"decode_bf16_b{batch}", ("decode", batch), two, bf16, "llama.cpp", BARS["bfloat16"][batch])
    for batch in BATCHES:
        compare(f"decode_int8_b{batch}", ("decode", batch), eight, q8, "llama.cpp-q8_0", BARS["int8"][batch])
    compare("prefill_bf16", ("prefill", 8), two, bf16, "llama.cpp", 2.0)
    for batch in BATCHES:
        compare(f"decode_bf16_b{batch}_vs_transformers", ("decode", batch), two, torch, "transformers", 5.0)
    compare("prefill_bf16_vs_transformers", ("prefill", 8), two, torch, "transformers", 2.0)
    many, few = ("decode", 64), ("decode", 32)
    print(f"BENCH name=dp2_over_dp1_b32 value={median(weak, many, 1) / median(one, few, 1):.2f} unit=ratio bar=>=1.5"
          f" mean={median(weak, many, 0) / median(one, few, 0):.2f}")
    lone, paired = median(one, ("decode", 1), 1), median(two, ("decode", 1), 1)
    print(f"BENCH name=idle_peer_cost_b1 value={max(0, lone / paired - 1) * 100:.0f} unit=percent bar=<=15")
    print(f"BENCH name=share_of_bound_b32 value={median(two, ('decode', 32), 2):.2f} unit=ratio"
          " peer_name=memory-bandwidth")


if __name__ == "__main__":
    main()
