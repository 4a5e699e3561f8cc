"""Each line of the files against the schema of NDJSON; and every key that a line has is in it, unless it says otherwise.

usage: check.py SCHEMA FILE...
"""
import copy
import json
import sys

import jsonschema


def closed(schema):
    """The same, where an object with properties has no others."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema and "type" in schema:
        out["additionalProperties"] = False
    return out


def kind(line):
    """The definition that a line is of."""
    name = line.get("type", "history")
    if name == "scenario" and "stop" not in line:
        return "listed"
    return "lint_summary" if name == "summary" and "findings" in line else name


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    strict = closed(copy.deepcopy(schema))
    plain = jsonschema.Draft202012Validator(schema)
    wrong, seen = 0, set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                line = json.loads(text)
                if kind(line) not in schema["$defs"]:
                    print(f"{path}:{number}: no definition '{kind(line)}'")
                    wrong += 1
                    continue
                one = {"$ref": "#/$defs/" + kind(line), "$defs": strict["$defs"]}
                seen.add(kind(line))
                errors = list(jsonschema.Draft202012Validator(one).iter_errors(line))
                if not errors and not plain.is_valid(line):
                    errors = list(plain.iter_errors(line))
                for error in errors:
                    print(f"{path}:{number}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
                wrong += len(errors)
    print("seen:", " ".join(sorted(seen)))
    return 1 if wrong else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
