#!/usr/bin/env python3
"""Writes the broken manifests of this folder: a mistake for every typed field of the schema, and one for every section.

    generate.py SCHEMA    # schema/dpdeploy.schema.json

Manifests that nobody can derive from the schema (structure of YAML, rules over several fields) are in written.py.
What must be said about each is in diagnostics.txt, which UPDATE_GOLDEN=1 writes and a person has to read.
"""
import json
import pathlib
import sys

from written import WRITTEN

HERE = pathlib.Path(__file__).parent
MODEL = {"name": "app", "llm_config": {"model_loading_config": {"model_id": "operator-moe"}}}


def leaves(schema, path=()):
    """Every typed field, and every section with the names in it."""
    if "properties" in schema:
        if path:
            yield path, schema
        for name, below in schema["properties"].items():
            yield from leaves(below, path + (name,))
    elif "enum" in schema or "type" in schema:
        yield path, schema


def types(field):
    kind = field.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def mistakes(path, field):
    """What a hand may write there: a word for the mistake, and the YAML of the value."""
    if "properties" in field:
        names = sorted(field["properties"])
        yield "word", "here"
        yield "typo", {names[len(path) % len(names)][:-1]: 1}
    elif "enum" in field:
        words = [word for word in field["enum"] if word]
        yield "typo", words[-1][:-1]
        yield "list", "[%s]" % words[0]
    elif "boolean" in types(field):
        yield "maybe", "maybe"
        yield "number", "2"
    elif types(field)[:1] == ["integer"] and "string" not in types(field):
        yield "word", "many"
        if "maximum" in field:
            yield "above", str(field["maximum"] + 1)
        else:
            yield "below", str(field["minimum"] - 1)
    elif "number" in types(field):
        yield "quoted", '"soon"'
        yield "below", "-1"
    elif "array" in types(field):
        yield "word", "one"
        yield "numbers", "[1, 2]"
    elif "string" in types(field):
        yield "list", "[a]"


def text(manifest, indent=0):
    lines = []
    for key, value in manifest.items():
        margin = "  " * indent
        if isinstance(value, dict):
            lines += [f"{margin}{key}:"] + text(value, indent + 1)
        else:
            lines.append(f"{margin}{key}: {value}")
    return lines


def broken(path, value):
    manifest = json.loads(json.dumps(MODEL))
    place = manifest
    for name in path[:-1]:
        place = place.setdefault(name, {})
    place[path[-1]] = value
    return "\n".join(text(manifest)) + "\n"


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    for old in HERE.glob("*.yaml"):
        old.unlink()
    for place, (path, field) in enumerate(leaves(schema)):
        possible = list(mistakes(path, field))
        if possible:
            word, value = possible[place % len(possible)]
            (HERE / f"{'.'.join(path)}-{word}.yaml").write_text(broken(path, value))
    for name, manifest in WRITTEN.items():
        (HERE / f"{name}.yaml").write_text(manifest)


main()
