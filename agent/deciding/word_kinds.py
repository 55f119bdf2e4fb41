"""What kinds of words a language needs around the names of products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.deciding.number_words import Gender


@dataclass(frozen=True)
class UnitWords:
    """Forms after one, after two to four (where the language has that), and after five; `gender` is
    that of the number before them ("dwie", "jedno")."""

    one: str
    few: str
    many: str
    gender: Gender = "masculine"
    also: tuple[str, ...] = ()

    @property
    def heard(self) -> tuple[str, ...]:
        """Every form, once."""
        return tuple(dict.fromkeys((self.one, self.few, self.many, *self.also)))


@dataclass(frozen=True)
class Lexicon:
    """All phrases are matched in the form of `normalise_text`; sets of words are in it. `denial_words` and
    `denial_phrases` deny wherever they stand in an answer, `call_off_words` and `call_off_phrases` in an
    order; `doubt_words` are refusals that noise makes of a consent ("wait" of "place"): such an answer
    is asked for again. `affirmations` say yes, whatever words they hold. `articles` and `pronouns` may stand
    around the name of one of two choices; `corrections` lead from an item to what replaces it, `not_that` to
    the one that is replaced, `but_this` from that to what is wanted; `consent_sentences` are long enough to
    verify a speaker by, `consent_bare` are not."""

    wake_phrases: tuple[str, ...]
    openings: tuple[str, ...]
    one_of: tuple[str, ...]
    counts: Mapping[str, int]
    units: Mapping[str, UnitWords]
    of: str
    after_joiner: str
    and_joiner: str
    corrections: tuple[str, ...]
    not_that: tuple[str, ...]
    but_this: tuple[str, ...]
    politeness: tuple[str, ...]
    consent_sentences: tuple[str, ...]
    consent_openings: tuple[str, ...]
    consent_bare: tuple[str, ...]
    enrolment_consents: tuple[str, ...]
    denials: tuple[str, ...]
    laters: tuple[str, ...]
    the_first: tuple[str, ...]
    the_second: tuple[str, ...]
    neither: tuple[str, ...]
    articles: tuple[str, ...]
    pronouns: tuple[str, ...]
    denial_words: frozenset[str]
    call_off_words: frozenset[str]
    help_phrases: tuple[str, ...]
    repeat_phrases: tuple[str, ...]
    low_questions: tuple[str, ...]  # typed only
    a_hundred: tuple[str, ...] = ()  # beside "one hundred"
    after_hundreds: str = ""  # may join what follows: "two hundred and five"
    denial_phrases: tuple[str, ...] = ()
    doubt_words: frozenset[str] = frozenset()
    affirmations: tuple[str, ...] = ()
    call_off_phrases: tuple[str, ...] = ()
    additions: tuple[str, ...] = ()  # lead from a read-back to what is wanted as well
    changes: tuple[str, ...] = ()  # to how it is wanted instead
    wanting: frozenset[str] = frozenset()  # last words of changes and corrections that no denial follows
    removals: tuple[str, ...] = ()  # to what is not wanted of it
    instead: tuple[str, ...] = ()  # after a count that is wanted instead
    endings: tuple[str, ...] = ()  # where the verb ends the order: "coffee, two bags, please give"
