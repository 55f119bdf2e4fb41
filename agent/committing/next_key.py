"""The key that is to follow the signing key: made beside it, in the same kind of place, and put in its place
once the shop has said yes.

Done by whoever owns the keys: `earmark keys renew`, and the supervisor before it starts the till. Each step
may be cut off anywhere and be done again. The release before this one finds its key under the name that it
knows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from agent.committing.key_change import OFFERED, OfferedKey, agreed_change, read_offered
from agent.committing.key_stores import open_key_store
from agent.committing.key_tpm import TPM_KEY, TpmSigner
from agent.committing.keys import SIGNING_KEY, FileKeyStore, TypedSigner
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.statements import KeyProofClaims
from agent.committing.trust import load_trust
from agent.plumbing import audit, durable
from agent.plumbing.errors import EarmarkError, TrustError
from agent.plumbing.settings import Settings

NEXT_SIGNING_KEY = "signing-next.pem"
"""Under keys_dir, beside `SIGNING_KEY`."""
NEXT_TPM_KEY = "signing-next.tpm"
REQUEST = "request.pem"
"""Beside the settings: what the shop admits this device by."""
_END = b"-----END CERTIFICATE REQUEST-----\n"

Done = Literal["nothing", "waits", "changed"]


class NextPlace(Protocol):
    """Where the key that is to follow is kept."""

    def open(self) -> TypedSigner:
        """Raises TrustError as `open_key_store`: key_missing where there is none."""
        ...

    def make(self) -> TypedSigner:
        """Raises TrustError key_exists, and as `open_key_store`."""
        ...

    def discard(self) -> None:
        """What there is of one, whole or not."""
        ...

    def take_over(self) -> None:
        """It takes the place of the signing key, which is no more; nothing where there is none."""
        ...


class _InFiles:
    """A private key, or the secret that a TPM makes one of: one rename."""

    def __init__(self, keys_dir: Path, tpm: Path | None) -> None:
        self._keys_dir, self._tpm = keys_dir, tpm
        self._next = keys_dir / (NEXT_SIGNING_KEY if tpm is None else NEXT_TPM_KEY)
        self._now = keys_dir / (SIGNING_KEY if tpm is None else TPM_KEY)

    def open(self) -> TypedSigner:
        if self._tpm is None:
            return FileKeyStore.load(self._keys_dir, NEXT_SIGNING_KEY)
        return TypedSigner(TpmSigner.load(self._tpm, self._keys_dir, NEXT_TPM_KEY))

    def make(self) -> TypedSigner:
        if self._tpm is None:
            return FileKeyStore.create(self._keys_dir, NEXT_SIGNING_KEY)
        return TypedSigner(TpmSigner.create(self._tpm, self._keys_dir, NEXT_TPM_KEY))

    def discard(self) -> None:
        self._next.unlink(missing_ok=True)

    def take_over(self) -> None:
        if self._next.exists():
            if self._tpm is not None:
                self.open().close()  # a chip that is not reached from here: nothing has changed
            durable.move(self._next, self._now)


def next_place(settings: Settings, *, by_hand: bool) -> NextPlace:
    """By the settings; `by_hand` as for `open_key_store`."""
    keys, keys_dir = settings.keys, Path(settings.paths.keys_dir)
    if keys.store == "pkcs11":
        from agent.committing.next_pkcs11 import InToken

        return InToken(keys, keys_dir, by_hand=by_hand)
    return _InFiles(keys_dir, Path(keys.tpm) if keys.store == "tpm" else None)


def offer_next_key(settings: Settings) -> tuple[OfferedKey, bool]:
    """The key that is to follow, for the till to tell the shop of, and whether it was made just now.

    Raises TrustError: keys_of_another_user, next_key_damaged (the shop may have taken it), trust_missing, and
    as `open_key_store`.
    """
    folder = _till(settings)
    _check_owner(settings)
    trust = load_trust(Path(settings.paths.trust_file))
    old, offered = _kid(settings), read_offered(folder)
    if offered is not None and offered.old != old:
        offered = None  # of a change that was finished, or of a device that was made anew since
    key, is_new = _next_key(next_place(settings, by_hand=True), offered)
    try:
        if offered is None:
            proof = KeyProofClaims(
                iss=settings.device.id, aud=trust.shop_id, env=trust.environment, old=old, key=key.device_kid
            )
            offered = OfferedKey(key.public_jwk(), old, key.sign(proof))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write(folder / OFFERED, msgspec.json.encode(offered))
        elif offered.key != key.public_jwk():
            raise _damaged("the key beside the signing key is another than the shop was told of")
    finally:
        key.close()
    return offered, is_new


def finish_change(settings: Settings, settings_file: Path, *, by_hand: bool) -> Done:
    """Puts the key to which the shop has said yes in the place of the signing key, and renews request.pem;
    'waits' where the shop has not. What this returns is on disk. `by_hand` as for `open_key_store`.

    Raises TrustError: keys_of_another_user, next_key_lost, and as `open_key_store`; the device signs on with
    the key that it has.
    """
    folder = _till(settings)
    offered = read_offered(folder)
    if offered is None:
        return "nothing"
    trust = LiveTrust(load_trust(Path(settings.paths.trust_file)), folder / ROTATIONS)
    trust.clock = lambda: 0  # whatever key signed for the shop when it said yes
    if agreed_change(folder, offered, trust, settings.device.id) is None:
        return "waits"
    _check_owner(settings)
    next_place(settings, by_hand=by_hand).take_over()
    key = open_key_store(settings, by_hand=by_hand)
    assert isinstance(key, TypedSigner)  # noqa: S101  (there are no others)
    try:
        if key.public_jwk() != offered.key:
            raise TrustError(
                "next_key_lost",
                f"the key {offered.key.kid} that the shop has taken is not there any more",
                f"rm {folder / OFFERED}; the shop: earmark-backend keys SHOP --device ID --drop",
            )
        _renew_request(settings_file.resolve().with_name(REQUEST), key, settings.device.id)
    finally:
        key.close()
    (folder / OFFERED).unlink(missing_ok=True)
    durable.flush(folder)
    audit.log("key_changed", detail=offered.key.kid)
    return "changed"


def finish_before_start(settings: Settings, settings_file: Path) -> None:
    """`finish_change`, which must not keep the device from starting: it signs with the key that it has."""
    try:
        finish_change(settings, settings_file, by_hand=False)
    except EarmarkError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
    except OSError as error:
        audit.log("key_change_failed", detail=str(error), next_step="earmark keys renew")


def _next_key(place: NextPlace, offered: OfferedKey | None) -> tuple[TypedSigner, bool]:
    try:
        return place.open(), False
    except TrustError as error:
        if error.code not in ("key_missing", "key_unusable", "key_store_changed", "key_store_ambiguous"):
            raise
        if offered is not None:
            raise _damaged(error.detail) from error
    place.discard()  # half made, and nobody was told
    return place.make(), True


def _damaged(detail: str) -> TrustError:
    return TrustError(
        "next_key_damaged",
        detail,
        "the shop: earmark-backend keys SHOP --device ID --drop; then here: earmark keys renew --anew",
    )


def forget_next_key(settings: Settings) -> None:
    """Nothing follows the signing key: what there is of a key beside it goes. Raises TrustError
    keys_of_another_user, and as `open_key_store`."""
    _check_owner(settings)
    folder = _till(settings)
    if (folder / OFFERED).exists():
        (folder / OFFERED).unlink()
        durable.flush(folder)
    next_place(settings, by_hand=True).discard()


def _kid(settings: Settings) -> str:
    key = open_key_store(settings, by_hand=True)
    kid = key.device_kid
    if isinstance(key, TypedSigner):
        key.close()
    return kid


def _renew_request(path: Path, key: TypedSigner, device_id: str) -> None:
    """The request for the TLS key stays, the one for the signing key follows it."""
    if path.exists():
        tls = path.read_bytes().partition(_END)
        durable.write(path, tls[0] + tls[1] + key.certificate_request(device_id))


def _till(settings: Settings) -> Path:
    return Path(settings.paths.state_dir) / "till"


def _check_owner(settings: Settings) -> None:
    """A key that root made could not be read by the device of another user, nor the other way round."""
    keys_dir = Path(settings.paths.keys_dir)
    owner = keys_dir.stat().st_uid if keys_dir.exists() else os.geteuid()
    if owner != os.geteuid():
        raise TrustError(
            "keys_of_another_user",
            f"{keys_dir} belongs to another user",
            f"run it as uid {owner}, or by sudo",
        )
