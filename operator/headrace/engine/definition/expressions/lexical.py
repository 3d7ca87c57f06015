"""
The smallest pieces of CEL's source: texts, names, spaces and comments.

From https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax. Knows no grammar.
"""

import re

_RAW = r"[rR][bB]?|[bB][rR]"
TEXT = (
    rf"(?:(?:{_RAW})(?:'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'[^'\n\r]*'|\"[^\"\n\r]*\")"
    r"|[bB]?(?:'''(?s:\\.|[^\\])*?'''|\"\"\"(?s:\\.|[^\\])*?\"\"\""
    r"|'(?:\\.|[^'\\\n\r])*'|\"(?:\\.|[^\"\\\n\r])*\"))"
)
"""A text in quotes, of every kind: raw, of bytes, of several lines."""

NAME = r"[_a-zA-Z][_a-zA-Z0-9]*"
COMMENT = r"//[^\n]*"
SPACE = rf"(?:\s|{COMMENT})*"

PIECES = re.compile(rf"(?P<text>{TEXT})|(?P<skipped>{NAME}|{COMMENT})|(?P<mark>[{{}}])")
"""What may hold a closing bracket that closes nothing, and the brackets that do."""

PATH = re.compile(
    rf"{NAME}(?:{SPACE}\.{SPACE}(?:{NAME}|`[^`\n\r]*`)|{SPACE}\[{SPACE}{TEXT}{SPACE}\])*"
)
"""A name and fields of it, by dot or by a text in brackets: `tasks['load'].outputs.rows`."""

LAST_LINK = re.compile(rf"\.{SPACE}(?:{NAME}|`[^`\n\r]*`)|\[{SPACE}{TEXT}{SPACE}\]")
"""The last field of a path, from its dot or bracket on."""
