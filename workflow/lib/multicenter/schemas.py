"""Checking a parsed file of the configuration against its JSON Schema, with messages for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from multicenter.errors import did_you_mean


def schema_problems(value: Any, schema_path: Path, name: str) -> list[str]:
    """Return what a JSON Schema finds wrong in a parsed file, one line each, with where and 'did you mean'.

    `name` is what the file is called in the messages.
    """
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    errors = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])
    return [line for error in errors for line in _explain(error, name)]


def _explain(error: ValidationError, name: str) -> list[str]:
    if error.validator in ("oneOf", "anyOf") and error.context:
        inner = best_match(iter([error]))
        if inner is not error:
            return _explain(inner, name)
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path).lstrip(".")
    where = f"{name}: {place}" if place else name
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(error.schema.get("properties", {}))
        listed = ", ".join(known)
        unknown = [key for key in error.instance if key not in known]
        return [f"{where}: unknown key {key!r}.{did_you_mean(key, known)} Known keys: {listed}." for key in unknown]
    if error.validator == "enum":
        known = [str(option) for option in error.validator_value]
        near = did_you_mean(error.instance, known)
        return [f"{where}: {error.instance!r} is not known.{near} Known: {', '.join(known)}."]
    meant = (
        f" {error.schema['description']}" if isinstance(error.schema, dict) and "description" in error.schema else ""
    )
    if error.instance is None or error.instance == "":
        return [f"{where}: this is left empty. Fill it in.{meant}"]
    if error.validator == "minLength":
        least = error.validator_value
        return [f"{where}: {error.instance!r} says too little; write at least {least} characters.{meant}"]
    if error.validator == "pattern":
        return [f"{where}: {error.instance!r} is not written as it has to be.{meant}"]
    return [f"{where}: {error.message}."]
