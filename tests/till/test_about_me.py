"""What people ask the device about themselves, by voice: to be learned, to be told, to be forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.deciding.verification import Voiceprint, cosine
from agent.plumbing import messages
from agent.plumbing.speaker_models import GE2E
from agent.till.about_me import MOST_NEWCOMERS
from tests.till.kit import ANNA, BERT, Till, near, phrase
from tests.till.test_forgetting import traces


def learn(till: Till, voice: tuple[float, ...]) -> None:
    till.wake_and_say("learn my voice", voice)
    till.answer("yes learn my voice", voice)
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), voice)
    till.finish_speaking()


def test_a_voice_learned_by_itself_may_order_nothing_until_it_is_admitted(till: Till) -> None:
    learn(till, BERT)
    newcomer = till.desk.people.all()[-1]
    assert (newcomer.name, newcomer.admitted) == ("new voice 1", False)
    assert "once you are admitted" in till.said
    till.wake_and_say("order two bags of dark roast coffee", BERT)
    assert "nobody has let you order yet" in till.said
    assert till.decided[-1] == "refused_not_admitted"
    till.desk.people.admit(newcomer.pseudonym, "Bert")
    till.wake_and_say("order two bags of dark roast coffee", BERT)
    till.answer("yes place my order", BERT)
    assert till.desk.journal.orders()[0].person == newcomer.pseudonym


def test_the_consent_is_kept_in_its_words(till: Till) -> None:
    learn(till, BERT)
    consent = till.desk.people.all()[-1].profile.consent
    assert consent is not None
    assert consent.answered == "yes learn my voice"
    assert consent.asked.startswith("I would like to learn your voice")
    assert (consent.language, consent.at_s) == ("en", till.desk.now_s())


def test_so_many_voices_wait_and_no_more(till: Till) -> None:
    for number in range(MOST_NEWCOMERS):
        voice = Voiceprint(GE2E, near(BERT, 60.0 + number))
        till.desk.people.add(f"new voice {number + 1}", voice, now_s=0, admitted=False)
    till.wake_and_say("learn my voice", (0.0, -1.0, 0.0))
    assert till.said.startswith("I have learned voices that nobody has let order yet")
    assert till.listening is None


def test_a_known_voice_adds_to_what_is_known_and_only_if_it_is_near(till: Till) -> None:
    [anna] = till.desk.people.all()
    learn(till, near(ANNA, 20.0))
    [grown] = till.desk.people.all()
    assert "more of your voice" in till.said
    assert anna.voiceprint is not None and grown.voiceprint is not None
    before, after = (cosine(near(ANNA, 20.0), one.voiceprint.clean) for one in (anna, grown))
    assert after > before + 0.02
    assert cosine(grown.voiceprint.clean, near(ANNA, 10.0)) == pytest.approx(1.0)
    assert [session.sentences for session in grown.profile.sessions] == [5]
    assert till.decided[-1] == "voice_added"
    # She agrees in her voice, and somebody else reads on: nothing is added.
    till.wake_and_say("learn my voice", near(ANNA, 10.0))
    till.answer("yes learn my voice", near(ANNA, 10.0))
    for number in range(3):
        till.answer(phrase(number), BERT)
    assert till.desk.people.all() == (grown,)


def test_what_is_known_of_one_is_not_said_again_to_another_and_a_question_is(till: Till) -> None:
    till.wake_and_say("what do you know about me")
    till.wake_and_say("say that again", BERT)
    assert till.said == "That I say only to whoever asks for it. Ask me again."
    till.wake_and_say("what do you know about me", BERT)
    refused = till.said
    till.wake_and_say("say that again", BERT)
    assert till.said == refused
    till.wake_and_say("forget my voice")
    question = till.said
    till.answer("say that again")
    assert till.said == question


def test_who_asks_is_told_and_a_stranger_only_that_nothing_is_kept(till: Till) -> None:
    till.wake_and_say("what do you know about me")
    assert till.said.startswith("Anna, I keep your voice, sealed")
    assert "PIN" not in till.said
    till.desk.factors.set(till.desk.people.all()[0].pseudonym, "badge", "123456")
    till.wake_and_say("what do you know about me")
    assert "a PIN or badge that I cannot read back" in till.said
    till.wake_and_say("what do you know about me", BERT)
    assert till.said.startswith("I do not know your voice, and keep nothing about you")
    till.wake_and_say("what do you know about me", snr_db=0.0)
    assert till.said.startswith("I could not tell whose voice that was")


def test_forgotten_by_her_own_voice_after_one_question(till: Till, tmp_path: Path) -> None:
    [anna] = till.desk.people.all()
    till.wake_and_say("forget my voice")
    assert "That cannot be undone" in till.said
    assert till.listening is not None and "yes delete my voice" in till.listening.phrases
    till.answer("yes delete my voice", open_words="yes delete my voice")
    assert till.said == "Done. I do not know you any more."
    assert till.desk.people.all() == ()
    assert till.decided == ["forgotten"]
    assert traces(tmp_path / "people", anna.pseudonym, "Anna") == []
    assert [sent for sent in till.sent if isinstance(sent, messages.ListenPolicy)][-1].embed is False
    till.wake_and_say("order two bags of dark roast coffee")
    assert "I know nobody's voice yet" in till.said


@pytest.mark.parametrize(
    ("words", "open_words", "voice"),
    [
        ("no", "no", ANNA),
        ("yes delete my voice", "no do not delete my voice", ANNA),
        ("", "never", ANNA),
        ("yes delete my voice", "yes delete my voice", BERT),
        ("yes delete my voice", "yes delete my voice", None),
    ],
)
def test_a_denial_or_another_voice_leaves_everything(
    till: Till, words: str, open_words: str, voice: tuple[float, ...] | None
) -> None:
    till.wake_and_say("forget my voice")
    till.answer(words, voice, open_words=open_words)
    assert len(till.desk.people) == 1
    assert till.listening is None
    till.wake_and_say("order two bags of dark roast coffee")
    assert till.said.startswith("Two bags of dark roast coffee")


def test_silence_is_asked_once_more_and_an_order_in_between_counts(till: Till) -> None:
    till.wake_and_say("forget my voice")
    for _ in range(2):
        assert till.listening is not None
        till.finish_speaking()
        till.spoken.silent(till.listening.listen_id)
    assert till.said == "All right. Everything stays as it is."
    till.wake_and_say("forget my voice")
    till.wake_and_say("order two bags of dark roast coffee")
    assert till.said.startswith("Two bags of dark roast coffee")
    till.answer("yes place my order")
    assert len(till.desk.people) == 1
    assert len(till.desk.journal.orders()) == 1


def test_a_stranger_cannot_have_anybody_forgotten(till: Till) -> None:
    till.wake_and_say("forget my voice", BERT)
    assert till.listening is None
    assert till.said.startswith("I do not know your voice")
