"""How people ask beside the price: what only the shop knows, and what it tells about its products.

Data, in the language of hassil as `question_words`. A template without {item} is a question as a whole: about
the basket in hand, about what was asked last, or about the last order.
"""

from __future__ import annotations

from collections.abc import Mapping

ASK_TEMPLATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "stock": (
            "(is|are) [there] [any|the] {item} (in stock|available|left)",
            "(do you have|have you got) [any|the] {item} [in stock|left]",
            "(is it|are they|is that) (in stock|available)",
        ),
        "status": (
            "where (is|are) my [last] (order|orders)",
            "(what about|what is with|what happened to) my [last] order",
            "when (does|will) my [last] order (come|arrive)",
            "is my [last] order on its way",
        ),
        "cancel": (
            "(cancel|undo) (my|the) last order",
            "(take|call) my last order (back|off)",
        ),
    },
    "pl": {
        "stock": (
            "czy (jest|są|macie) [jeszcze] {item}",
            "czy (jest|są|macie) [jeszcze] {item} (na stanie|w magazynie)",
            "czy {item} (jest|są) [jeszcze] (dostępna|dostępny|dostępne|na stanie|w magazynie)",
            "czy (to jest|jest to|są) [jeszcze] (dostępne|na stanie|w magazynie)",
        ),
        "status": (
            "(gdzie jest|co z|co się dzieje z) (moje|moim) [ostatnie|ostatnim] (zamówienie|zamówieniem)",
            "kiedy (przyjdzie|przyjedzie|będzie) moje [ostatnie] zamówienie",
            "czy moje [ostatnie] zamówienie jest [już] w drodze",
        ),
        "cancel": ("(anuluj|odwołaj|cofnij) [moje|to] ostatnie zamówienie",),
    },
}
