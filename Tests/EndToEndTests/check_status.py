"""Checks JSON documents against a JSON schema, and says where each of them breaks it.

Usage: check_status.py SCHEMA DOCUMENTS, where DOCUMENTS is a file with a JSON array of them.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1]) as file:
    schema = json.load(file)
with open(sys.argv[2]) as file:
    documents = json.load(file)

Draft202012Validator.check_schema(schema)
faults = [
    f"document {number}: {error.json_path}: {error.message}"
    for number, document in enumerate(documents)
    for error in Draft202012Validator(schema).iter_errors(document)
]
print(f"{len(documents)} documents checked")
sys.exit("\n".join(faults) or 0)
