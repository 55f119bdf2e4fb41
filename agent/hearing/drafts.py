"""Recognition while somebody still speaks: at each pause as if it were the end. Mostly it is, and then the
order is recognised before the silence that ends it is over (docs/adr/0026).
"""

from __future__ import annotations

from agent.hearing.ending import Ending
from agent.hearing.engine import AsrEngine
from agent.hearing.listener import WAKE_LISTEN_ID, Capture
from agent.hearing.recognition import Draft, Recognition

MOST_LOOKS = 6
"""In one utterance: whoever pauses more often is heard at the end, as if nobody had looked."""


class Drafts:
    """What was recognised at the last pause; thrown away where the speech went on."""

    def __init__(self, engine: AsrEngine) -> None:
        self._engine = engine
        self.begin()

    def begin(self) -> None:
        """Another utterance is listened for."""
        self._looks = 0
        self._bounds = (0, 0)
        self._draft: Draft | None = None
        self._finished: Recognition | None = None

    def look(self, so_far: Capture) -> Ending:
        """How the speech ends here. Raises AudioError('grammar_no_entry')."""
        self._looks += 1
        if self._looks > MOST_LOOKS:
            return Ending.UNKNOWN
        draft = self._drafted(so_far)
        if draft.recognition.ending is Ending.HANGING:
            self._finished = None  # it most likely goes on, and the second step would be in vain
            return Ending.HANGING
        self._finished = self._engine.finish(draft)
        return self._finished.ending

    def recognition(self, capture: Capture) -> Recognition:
        """Of the whole utterance; at once where it ended at the last pause. Raises
        AudioError('grammar_no_entry')."""
        draft, finished = self._draft, self._finished
        if draft is None or self._bounds != (capture.begin, capture.end):
            draft, finished = self._drafted(capture), None
        return finished or self._engine.finish(draft)

    def _drafted(self, capture: Capture) -> Draft:
        whole = capture.samples[: capture.end] if capture.listen_id == WAKE_LISTEN_ID else None
        self._bounds = capture.begin, capture.end
        self._draft = self._engine.draft(capture.sentence, capture.entry, whole)
        return self._draft
