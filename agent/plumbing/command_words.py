"""What is typed on a command line, before it goes into a database or a message."""

from __future__ import annotations

import argparse

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain


def check_words(arguments: argparse.Namespace) -> None:
    """What was typed is text: half characters, which bytes in another encoding become, no database and no
    message can hold. Names of files may be any bytes. Raises ConfigurationError words_not_utf8."""
    for value in vars(arguments).values():
        for text in value if isinstance(value, list | tuple) else (value,):
            try:
                if isinstance(text, str):
                    text.encode()
            except UnicodeEncodeError as error:
                raise ConfigurationError(
                    "words_not_utf8", f"'{plain(text)}' is not UTF-8", "use a terminal that speaks UTF-8"
                ) from error
