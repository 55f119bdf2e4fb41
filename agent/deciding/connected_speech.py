"""How words change beside other words, where the recogniser writes what it hears."""

from __future__ import annotations

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


def _without_ed(word: str) -> tuple[str, ...]:
    if not word.endswith("ed") or len(word) < 4 or word[-3] in "aeioutd":
        return ()
    stem = word[:-2]
    if stem[-1] == stem[-2]:
        return (stem[:-1],)  # "skimmed"
    return (stem + "e", stem)  # "iced", "sweetened": which of the two is a word, the recogniser knows
