"""How words sound beside other words and in other accents, where the recogniser writes what it hears."""

from __future__ import annotations

from collections.abc import Iterable

from agent.plumbing.sentence_graph import normalise_text


def weak_forms(text: str, language: str) -> tuple[str, ...]:
    """Other spellings of `text` that speech runs together; normalised, without `text` itself.

    English: the -ed of a participle is lost before the next word ("iced coffee" is said, and heard, as "ice
    coffee"), unless it is a syllable of its own ("salted"). Guy, "Explanation in variable phonology", 1991.
    """
    if language != "en":
        return ()
    words = normalise_text(text).split()
    forms = []
    for at, word in enumerate(words[:-1]):
        forms += [" ".join((*words[:at], stem, *words[at + 1 :])) for stem in _without_ed(word)]
    return tuple(dict.fromkeys(forms))


def accented(texts: Iterable[str], language: str) -> tuple[str, ...]:
    """`texts`, normalised, and other spellings of those that hold the word "place".

    English: where the vowel of FACE is one long [e:] (much of Scotland, Ireland, the north of England, India,
    the Caribbean; Wells, "Accents of English", 1982, 2.2.11) "place my order" is written "please my order".
    """
    plain = tuple(dict.fromkeys(normalise_text(text) for text in texts))
    if language != "en":
        return plain
    also = (" ".join("please" if word == "place" else word for word in text.split()) for text in plain)
    return tuple(dict.fromkeys((*plain, *also)))


def _without_ed(word: str) -> tuple[str, ...]:
    if not word.endswith("ed") or len(word) < 4 or word[-3] in "aeioutd":
        return ()
    stem = word[:-2]
    if stem[-1] == stem[-2]:
        return (stem[:-1],)  # "skimmed"
    return (stem + "e", stem)  # "iced", "sweetened": which of the two is a word, the recogniser knows
