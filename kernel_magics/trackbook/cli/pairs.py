"""Options of two words, NAME VALUE, that take one as well: NAME=VALUE, as other commands have it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import click


class PairsCommand(click.Command):
    """A command whose options of two words also take them as one, with ``=`` between.

    A first word with ``=`` in it can only be that: no name has one. A value may.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a command line."""
        options = [each for each in self.params if isinstance(each, click.Option) and not each.is_flag]
        taking = {word: option.nargs for option in options for word in option.opts}
        try:
            parted = list(_parted(args, taking))
        except click.BadOptionUsage as error:
            if not ctx.resilient_parsing:  # a shell asks how a line may go on
                error.ctx = ctx
                raise
            parted = args
        return super().parse_args(ctx, parted)


def _parted(words: Sequence[str], taking: Mapping[str, int]) -> Iterator[str]:
    """Yield the words of a command line, those with a name and its value in two; `taking`: how many an option takes."""
    rest = deque(words)
    while rest:
        word = rest.popleft()
        if word == "--":
            yield word
            yield from rest
            return
        option, attached = _option_of(word)
        if taking.get(option) == 2:
            rest.extendleft([attached] if attached else [])
            yield option
            yield from _pair(option, rest)
        else:
            yield word
            if not attached and taking.get(option) == 1 and rest:
                yield rest.popleft()


def _option_of(word: str) -> tuple[str, str]:
    """Return an option, and what is written right behind it."""
    if word.startswith("--"):
        option, _, attached = word.partition("=")
        return option, attached
    return (word[:2], word[2:]) if word.startswith("-") else (word, "")


def _pair(option: str, rest: deque[str]) -> tuple[str, str]:
    """Take a name and its value from the words that are left."""
    name, sign, value = rest[0].partition("=") if rest else ("", "", "")
    if name and sign:
        rest.popleft()
        return name, value
    if len(rest) < 2:
        raise click.BadOptionUsage(option, f"Option '{option}' takes a name and a value: {option} NAME VALUE.")
    return rest.popleft(), rest.popleft()
