#!/usr/bin/env python3
"""Reduces the CRDs that exported manifests are checked against to what a check needs.

  make_crd_schemas.py LWS_CHECKOUT KUBERAY_CHECKOUT

Reads the CRDs of the releases named below out of git checkouts of kubernetes-sigs/lws and ray-project/kuberay, drops
descriptions, defaults, validations by rule and what the API server itself fills in (`status`), and writes each subschema
once. The result, `*.schema.json`, has types, keys, required keys and allowed words: all that tells a field that
does not exist, or has the wrong type, from one that does.
"""

import json
import pathlib
import subprocess
import sys

import yaml

RELEASES = [
    ("leaderworkerset", sys.argv[1], "v0.9.0", "config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml"),
    ("rayservice", sys.argv[2], "v1.7.0", "ray-operator/config/crd/bases/ray.io_rayservices.yaml"),
]
KEPT = ("type", "enum", "required", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")


def reduced(schema, definitions, numbers):
    result = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in schema:
        result["properties"] = {
            name: reduced(value, definitions, numbers) for name, value in sorted(schema["properties"].items())}
    if "items" in schema:
        result["items"] = reduced(schema["items"], definitions, numbers)
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = reduced(schema["additionalProperties"], definitions, numbers)
    if "properties" not in result:
        return result
    text = json.dumps(result, sort_keys=True)
    if text not in numbers:
        numbers[text] = str(len(numbers))
        definitions[numbers[text]] = result
    return {"$ref": numbers[text]}


for name, checkout, tag, path in RELEASES:
    crd = yaml.safe_load(subprocess.run(
        ["git", "-C", checkout, "show", f"{tag}:{path}"], check=True, capture_output=True, text=True).stdout)
    version = next(version for version in crd["spec"]["versions"] if version["storage"])
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"].pop("status", None)
    definitions = {}
    root = reduced(schema, definitions, {})
    document = {
        "source": f"{tag} {path}", "apiVersion": f"{crd['spec']['group']}/{version['name']}",
        "kind": crd["spec"]["names"]["kind"], "root": root, "definitions": definitions}
    target = pathlib.Path(__file__).parent / f"{name}.schema.json"
    target.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(target, target.stat().st_size)
