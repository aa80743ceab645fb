"""Measures what sixteen ranks of one model cost in memory: weights are mapped once for all of them.

Prints BENCH name=pss_16_ranks …, a ratio of the sum of the ranks' PSS to what the limit allows: one rank's weights
times 1.15, and what the ranks hold for themselves (KV cache and buffers).
Usage: memory.py FOLDER_OF_THE_TOOLS FOLDER_OF_A_MODEL
"""

import os
import re
import subprocess
import sys
import tempfile

TOOLS, MODEL = map(os.path.abspath, sys.argv[1:3])
HOME = tempfile.mkdtemp(prefix="dpdeploy-bench-")
ENVIRONMENT = dict(os.environ, DPDEPLOY_HOME=HOME, NO_COLOR="1")
RANKS = 16
MANIFEST = f"""
apiVersion: dpdeploy/v1
name: memory
llm_config:
  model_loading_config: {{model_id: model, model_source: {MODEL}}}
  engine_kwargs:
    {{data_parallel_size: {RANKS}, max_num_seqs: 16, max_model_len: 512, max_num_batched_tokens: 256}}
engine_options: {{accelerator_memory: 2GiB}}
ingress: {{port: 0}}
"""


def tool(*words):
    return subprocess.run(
        [os.path.join(TOOLS, words[0]), *words[1:]], env=ENVIRONMENT, capture_output=True, text=True, timeout=300,
        check=True)


def ranks():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                words = file.read().split("\0")
        except OSError:
            continue
        if words[0].endswith("/dpengine") and any(HOME in word for word in words):
            yield pid


def kibibytes(pid, name):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(rf"(?m)^{name}: +(\d+)", file.read())[1])


def measure():
    path = os.path.join(HOME, "memory.yaml")
    with open(path, "w") as file:
        file.write(MANIFEST)
    tool("dpdeploy", "apply", path, "--wait", "--timeout", "120s")
    tool("dpdeploy", "bench", "memory", "--concurrency", "8", "--requests", "24", "--max-tokens", "8")
    pids = list(ranks())
    assert len(pids) == RANKS, f"{len(pids)} ranks run"
    weights = os.path.getsize(os.path.join(MODEL, "model.safetensors")) / 2**20
    pss = sum(kibibytes(pid, "Pss") for pid in pids) / 1024
    own = sum(kibibytes(pid, "Private_Dirty") for pid in pids) / 1024
    limit = weights * 1.15 + own
    print(
        f"BENCH name=pss_{RANKS}_ranks value={pss / limit:.3f} unit=ratio bar=<=1 pss_mib={pss:.0f} "
        f"weights_mib={weights:.0f} own_mib={own:.0f}")


try:
    measure()
except subprocess.CalledProcessError as error:
    sys.exit(f"{' '.join(error.cmd)} ended with {error.returncode}:\n{error.stdout}{error.stderr}")
finally:
    for words in (["delete", "memory", "--yes"], ["daemon", "stop"]):
        subprocess.run([os.path.join(TOOLS, "dpdeploy"), *words], env=ENVIRONMENT, capture_output=True)
    subprocess.run(["rm", "-rf", HOME])
