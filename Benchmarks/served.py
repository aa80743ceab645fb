"""Measures what serving costs: tokens a second through ingress and HTTP, beside the bare step loop of the same ranks.

Prints BENCH name=served_over_bare_c32 …: 32 users of short prompts, 2 ranks, 2 cores for everything, the load
generator included. The two take turns.
Usage: served.py FOLDER_OF_THE_TOOLS FOLDER_OF_A_MODEL FOLDER_OF_PACKED_WEIGHTS
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

TOOLS, MODEL, PACKED = map(os.path.abspath, sys.argv[1:4])
HOME = tempfile.mkdtemp(prefix="dpdeploy-bench-")
ENVIRONMENT = dict(os.environ, DPDEPLOY_HOME=HOME, NO_COLOR="1")
MANIFEST = f"""
apiVersion: dpdeploy/v1
name: served
llm_config:
  model_loading_config: {{model_id: model, model_source: {MODEL}}}
  engine_kwargs: {{data_parallel_size: 2, max_num_seqs: 64, max_model_len: 1024}}
engine_options: {{accelerator_memory: 2GiB}}
ingress: {{port: 0}}
"""


def tool(*words):
    return subprocess.run(
        [os.path.join(TOOLS, words[0]), *words[1:]], env=ENVIRONMENT, capture_output=True, text=True, timeout=300,
        check=True).stdout


def served():
    report = json.loads(tool("dpdeploy", "bench", "served", "--json", "-c", "32", "-d", "12s", "--max-tokens", "400"))
    assert report["failures"] == 0, report
    return report["generation_tokens_per_second"]


def bare():
    printed = tool("StepLoop", "--model", MODEL, "--cache", PACKED, "--ranks", "2", "--context", "240", "--steps", "64",
                   "--prefill", "0", "32")
    return float(re.search(r"mean_tokens_per_s=([\d.]+)", printed)[1])


try:
    path = os.path.join(HOME, "served.yaml")
    with open(path, "w") as file:
        file.write(MANIFEST)
    ours, limit = [], []
    for _ in range(3):
        tool("dpdeploy", "apply", path, "--wait", "--timeout", "120s")
        ours.append(served())
        tool("dpdeploy", "delete", "served", "--yes")
        limit.append(bare())
    ours, limit = statistics.median(ours), statistics.median(limit)
    print(f"BENCH name=served_over_bare_c32 value={ours / limit:.2f} unit=ratio bar=>=0.9 ours={ours:.0f} peer={limit:.0f}"
          " peer_name=StepLoop")
except subprocess.CalledProcessError as error:
    sys.exit(f"{' '.join(error.cmd)} ended with {error.returncode}:\n{error.stdout}{error.stderr}")
finally:
    subprocess.run([os.path.join(TOOLS, "dpdeploy"), "daemon", "stop"], env=ENVIRONMENT, capture_output=True)
    subprocess.run(["rm", "-rf", HOME])
