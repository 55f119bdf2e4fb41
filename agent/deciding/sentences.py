"""From a catalogue to the grammar that the recogniser may walk and `understand` parses: a `SentenceGraph`.

Entries: 'order' (after the wake word), 'consent' (after a read-back), 'challenge' (after words to be said
again), 'enrol' (the question before enrolment), 'phrase' (the sentences repeated during enrolment).
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.deciding.about_me_words import ABOUT_ME
from agent.deciding.catalogue import Catalogue
from agent.deciding.challenge_sentences import add_challenge
from agent.deciding.challenge_words import CHALLENGE, CHALLENGE_WORDS
from agent.deciding.changes import LESS, OTHERWISE
from agent.deciding.connected_speech import accented
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.history_words import AGAIN
from agent.deciding.item_sentences import add_counts
from agent.deciding.lexicon import LEXICONS
from agent.deciding.manner_sentences import add_manners
from agent.deciding.order_sentences import Entrances, add_orders, by_what_follows
from agent.deciding.question_sentences import add_questions
from agent.deciding.sizes import said_sizes
from agent.deciding.understanding import MORE, after_a_no
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import SentenceGraph, Tag


def compile_sentences(
    catalogue: Catalogue, language: str, extra_openings: Iterable[str] = ()
) -> SentenceGraph:
    """The grammar of `catalogue` in `language` ('en', 'pl' or 'ko').

    Products without words in that language cannot be ordered in it and are left out. Raises CatalogueError:
    catalogue_language (unknown language, or nothing can be ordered in it), catalogue_unit, catalogue_options.
    """
    if language not in LEXICONS:
        raise CatalogueError(
            "catalogue_language", f"no lexicon for {language!r}", f"choose one of {', '.join(LEXICONS)}"
        )
    lexicon, build = LEXICONS[language], GraphBuilder()
    end, wake, order, consent, enrol, phrase = (build.state() for _ in range(6))

    after_wake = build.state()
    build.phrases(wake, lexicon.wake_phrases, after_wake)
    build.free(wake, after_wake)
    build.free(after_wake, order)
    entrances = add_orders(build, catalogue, language, order, end, extra_openings)
    build.phrases(after_wake, lexicon.help_phrases, end, Tag("intent", "help"))
    build.phrases(after_wake, lexicon.denials, end, Tag("denial", "said"))
    build.phrases(after_wake, lexicon.laters, end, Tag("later", "said"))
    _again(build, lexicon, language, after_wake, end)
    add_manners(build, lexicon, language, after_wake, end)
    for kind, phrases in ABOUT_ME[language].items():
        build.phrases(after_wake, phrases, end, Tag("me", kind))
    sizes = said_sizes(catalogue, language)
    add_questions(build, lexicon, language, after_wake, end, entrances, sizes)
    consents = accented(lexicon.consent_sentences, language)
    build.phrases(after_wake, consents, end, Tag("consent", "sentence"))

    _answers(build, lexicon, consent, end, language, entrances)
    build.phrases(enrol, lexicon.enrolment_consents, end, Tag("consent", "sentence"))
    build.phrases(enrol, lexicon.consent_bare, end, Tag("consent", "bare"))
    build.phrases(enrol, lexicon.denials, end, Tag("denial", "said"))
    for number, text in enumerate(ENROLMENT_PHRASES[language]):
        build.phrases(phrase, (text,), end, Tag("phrase", str(number)))
    build.phrases(phrase, lexicon.denials, end, Tag("denial", "said"))
    add_manners(build, lexicon, language, enrol, end)
    add_manners(build, lexicon, language, phrase, end)
    entries = {"order": wake, "consent": consent, "enrol": enrol, "phrase": phrase}
    if language in CHALLENGE_WORDS:
        entries[CHALLENGE] = add_challenge(build, lexicon, language, end)
    return build.graph(language, entries, [end])


def _again(build: GraphBuilder, lexicon: Lexicon, language: str, start: int, end: int) -> None:
    """What was ordered before: "the usual, please"."""
    opened, said = build.state(), build.state()
    build.phrases(start, lexicon.openings, opened)
    build.free(start, opened)
    for which, phrases in AGAIN.get(language, {}).items():
        build.phrases(opened, phrases, said, Tag("again", which))
    build.phrases(said, lexicon.politeness, end)
    build.free(said, end)


def _answers(
    build: GraphBuilder,
    lexicon: Lexicon,
    start: int,
    end: int,
    language: str,
    entrances: Entrances | None,
) -> None:
    """Any run of consents and denials ("yes... no, cancel"), "yes, order two bags", what is wanted as well
    ("and a box of tea") or otherwise ("make it three", "two instead", "without the tea"), and a question in
    between ("repeat that"), alone."""
    first, again, asked = build.state(), build.state(), build.state()
    build.free(start, first)
    build.phrases(start, lexicon.wake_phrases, first)  # nobody needs to, but people do
    build.phrases(first, lexicon.help_phrases, asked, Tag("intent", "help"))
    add_manners(build, lexicon, language, first, asked)
    build.phrases(asked, lexicon.politeness, end)
    build.free(asked, end)
    build.free(first, again)
    if entrances is not None:
        build.phrases(again, lexicon.additions, entrances.item, MORE)
        wanting, others = by_what_follows(after_a_no(lexicon.changes, lexicon), lexicon)
        build.phrases(again, wanting, entrances.wanting, OTHERWISE)
        build.phrases(again, others, entrances.correction, OTHERWISE)
        build.phrases(again, after_a_no(lexicon.removals, lexicon), entrances.item, LESS)
        _instead(build, lexicon, language, again, asked)
    said = build.state()
    consents = accented(lexicon.consent_sentences, language)
    build.phrases(again, consents, said, Tag("consent", "sentence"))
    build.phrases(again, lexicon.consent_bare, said, Tag("consent", "bare"))
    build.phrases(again, lexicon.denials, said, Tag("denial", "said"))
    build.phrases(again, lexicon.laters, said, Tag("later", "said"))
    build.free(said, again)
    build.phrases(said, lexicon.politeness, end)
    build.free(said, end)
    verbs = build.state()
    build.phrases(
        start, [f"{yes} {verb}" for yes in lexicon.consent_openings for verb in lexicon.openings[:1]], verbs
    )
    counted = build.state()
    add_counts(build, language, verbs, counted)
    for unit, words in lexicon.units.items():
        build.phrases(counted, [form for form in words.heard if form], said, Tag("unit", unit))


def _instead(build: GraphBuilder, lexicon: Lexicon, language: str, start: int, end: int) -> None:
    """ "Two instead", "three boxes instead": a count alone would be heard in too much else."""
    counted, named = build.state(), build.state()
    add_counts(build, language, start, counted, without=lexicon.articles)
    build.free(counted, named)
    for unit, words in lexicon.units.items():
        build.phrases(counted, [form for form in words.heard if form], named, Tag("unit", unit))
    build.phrases(named, lexicon.instead, end, OTHERWISE)
