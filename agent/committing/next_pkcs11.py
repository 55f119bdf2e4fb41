"""The key that is to follow in a PKCS#11 token: a second pair of objects, under a label of its own until it
takes the label that the settings name.

Four labels are changed, one by one. The new private key is the last: as long as it has the label of a key
that is to follow, the change is not finished and is done again from wherever it was cut off.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import msgspec
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error

from agent.committing.key_pkcs11 import Pkcs11Signer, make_key, open_token, unavailable
from agent.committing.keys import TypedSigner
from agent.plumbing.key_settings import Keys

NEXT, OLD = "-next", "-old"
"""After the label of the signing key: the one that is to follow, and the one before while it is replaced."""


class InToken:
    """A `NextPlace`."""

    def __init__(self, where: Keys, keys_dir: Path, *, by_hand: bool) -> None:
        """`by_hand` as for `open_key_store`."""
        self._where, self._keys_dir, self._by_hand = where, keys_dir, by_hand
        self._label = where.pkcs11_key

    def open(self) -> TypedSigner:
        where = msgspec.structs.replace(self._where, pkcs11_key=self._label + NEXT)
        return TypedSigner(Pkcs11Signer(where, self._keys_dir, by_hand=self._by_hand))

    def make(self) -> TypedSigner:
        with open_token(self._where, self._keys_dir, rw=True, by_hand=self._by_hand) as session:
            make_key(session, self._label + NEXT, secrets.token_bytes(16))
        return self.open()

    def discard(self) -> None:
        self._changed(lambda session: self._destroy(session, self._label + NEXT))

    def take_over(self) -> None:
        self._changed(self._take_over)

    def _take_over(self, session: Any) -> None:
        following = self._labelled(session, self._label + NEXT)
        private = [one for one in following if one[Attribute.CLASS] == ObjectClass.PRIVATE_KEY]
        if private:
            id_ = private[0][Attribute.ID]
            for one in self._labelled(session, self._label):
                if one[Attribute.ID] != id_:
                    one[Attribute.LABEL] = self._label + OLD
            for one in following:
                one[Attribute.LABEL] = self._label
        self._destroy(session, self._label + OLD)

    def _destroy(self, session: Any, label: str) -> None:
        for one in self._labelled(session, label):
            one.destroy()

    @staticmethod
    def _labelled(session: Any, label: str) -> list[Any]:
        """Public keys first."""
        found = list[Any]()
        for kind in (ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY):
            found += session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label})
        return found

    def _changed(self, change: Any) -> None:
        try:
            with open_token(self._where, self._keys_dir, rw=True, by_hand=self._by_hand) as session:
                change(session)
        except PKCS11Error as error:
            raise unavailable("the token does not change its keys", error) from error
