"""What somebody typed that cannot be used."""


class InputError(Exception):
    """The input is wrong. `lines` say what, and the cure, one problem each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class YamlError(ValueError):
    """The text cannot be read. Carries the line, counted from 1; None: no line is at fault."""

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line = line
