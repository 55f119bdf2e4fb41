"""The question between two orders that sound alike: what tells them apart, and what answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from agent.deciding.basket import Basket
from agent.deciding.denials import is_denied
from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.spoken_basket import spoken_basket
from agent.plumbing.sentence_graph import normalise_text

CHOICE = "choice"
"""What is listened for after the question between two orders; its sentences are those of `answers`."""

MOST_ANSWERS = 1_000
Pick = Literal["first", "second", "neither"]


class Alternatives(NamedTuple):
    """Two baskets, the likelier one first."""

    first: Basket
    second: Basket

    def basket(self, pick: Pick) -> Basket | None:
        """None for 'neither'."""
        return {"first": self.first, "second": self.second, "neither": None}[pick]


class _Difference(NamedTuple):
    """The words of one basket, of which those from `begin` to `end` are not in the other."""

    words: Sequence[str]
    begin: int
    end: int

    @property
    def text(self) -> str:
        return " ".join(self.words[self.begin : self.end]).strip(",")

    def around(self) -> Iterator[str]:
        """Every stretch of the words that holds the difference: from "medium" to the whole basket."""
        for begin in range(self.begin + 1):
            for end in range(self.end, len(self.words) + 1):
                yield " ".join(self.words[begin:end])


def differences(choice: Alternatives, language: str) -> tuple[str, str]:
    """The words that tell the two apart, e.g. ("light", "medium"), or ("latte", "iced latte") where one of
    them would be nothing."""
    first, second = _apart(choice, language)
    return first.text, second.text


def answers(choice: Alternatives, language: str) -> Mapping[str, Pick]:
    """Every sentence that answers the question, in the form of `normalise_text`.

    What would fit both is left out, and the longest beyond MOST_ANSWERS. A denial picks neither.
    """
    lexicon = LEXICONS[language]
    found: dict[str, Pick] = {}
    picks: tuple[Pick, Pick] = ("first", "second")
    fits_both: set[str] = set()
    for pick, difference, ordinals in zip(
        picks, _apart(choice, language), (lexicon.the_first, lexicon.the_second), strict=True
    ):
        texts = [*difference.around(), *ordinals]
        for text in texts:
            for said in _ways_to_say(text, language):
                if found.setdefault(said, pick) != pick:
                    fits_both.add(said)
    for pick, text in zip(picks, differences(choice, language), strict=True):
        found[normalise_text(text)] = pick  # "thirty one" is 31, not "the thirty one"
        fits_both.discard(normalise_text(text))
    found |= {normalise_text(text): "neither" for text in (*lexicon.neither, *lexicon.denials)}
    fitting = sorted(found.keys() - fits_both, key=lambda text: (len(text), text))
    return {text: found[text] for text in fitting[:MOST_ANSWERS]}


def picked(choice: Alternatives, words: str, open_words: str, language: str) -> Pick | None:
    """Which one `words` pick, None where they answer nothing. `open_words` (the free decode) can only ever
    deny, and only where nothing was picked: what is picked is read back, and may be denied there."""
    pick = answers(choice, language).get(words)
    if pick is None and is_denied(open_words, language):
        return "neither"
    return pick


def _apart(choice: Alternatives, language: str) -> tuple[_Difference, _Difference]:
    one, other = (spoken_basket(basket, language).split() for basket in choice)
    shortest = min(len(one), len(other))
    begin = next((i for i in range(shortest) if one[i] != other[i]), shortest)
    tail = next((i for i in range(shortest - begin) if one[-1 - i] != other[-1 - i]), shortest - begin)
    if begin + tail == shortest:  # nothing of one is left: a word that both have makes it speakable
        if tail:
            tail -= 1
        elif begin:
            begin -= 1
    return _Difference(one, begin, len(one) - tail), _Difference(other, begin, len(other) - tail)


def _ways_to_say(text: str, language: str) -> Iterator[str]:
    """`text` with and without an article and "one", its first number in words and in digits."""
    lexicon = LEXICONS[language]
    plain = normalise_text(text)
    for said in dict.fromkeys((plain, _with_digits(plain, language))):
        for article in ("", *lexicon.articles):
            for pronoun in ("", *lexicon.pronouns):
                yield " ".join(word for word in (article, said, pronoun) if word)


def _with_digits(text: str, language: str) -> str:
    numbers = spoken_numbers(language)
    return " ".join(str(numbers[word]) if word in numbers else word for word in text.split())
