"""What somebody typed that cannot be used."""


class InputError(Exception):
    """The input is wrong. `lines` say what, and the cure, one problem each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
