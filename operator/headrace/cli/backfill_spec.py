"""The spec of a Backfill, checked as the controller does. Loads all types."""

from collections.abc import Mapping
from typing import Any

from headrace.api.reading.parse import InvalidObjectError, parse_backfill
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.cli.input import InputError


def read_spec(manifest: Mapping[str, Any]) -> BackfillSpec:
    """
    Read a Backfill.

    Raises:
        InputError: A field is wrong; it is named by its option.

    """
    try:
        return parse_backfill(manifest)
    except InvalidObjectError as error:
        raise InputError(*(str(problem) for problem in error.problems)) from error
