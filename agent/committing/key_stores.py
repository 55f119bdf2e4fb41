"""The place that the settings name for the signing key: a file, a PKCS#11 token, a TPM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.committing.jws import Signer
from agent.committing.key_tpm import TpmSigner
from agent.committing.keys import FileKeyStore, KeyStore, TypedSigner
from agent.plumbing.settings import Settings


def open_key_store(settings: Settings, *, by_hand: bool = False) -> KeyStore:
    """The signing key of this device, before the process tightens its sandbox. `by_hand`: a person is there,
    who may try a PIN that the token has refused.

    Raises TrustError: key_missing, key_readable_by_others, key_unusable, key_store_unavailable,
    key_store_changed, key_store_pin, key_store_ambiguous.
    """
    keys, keys_dir = settings.keys, Path(settings.paths.keys_dir)
    if keys.store == "tpm":
        return TypedSigner(TpmSigner.load(Path(keys.tpm), keys_dir))
    if keys.store == "pkcs11":
        from agent.committing.key_pkcs11 import Pkcs11Signer

        return TypedSigner(Pkcs11Signer(keys, keys_dir, by_hand=by_hand))
    return FileKeyStore.load(keys_dir)


def signing_key_maker(settings: Settings, ask_pin: Callable[[], str]) -> Callable[[], Signer] | None:
    """What makes the signing key where the settings want it, for `create_device_keys`; None for a file.

    `ask_pin` gives the token's PIN. The maker raises TrustError: key_exists, and as `open_key_store`.
    """
    keys, keys_dir = settings.keys, Path(settings.paths.keys_dir)
    if keys.store == "tpm":
        return lambda: TpmSigner.create(Path(keys.tpm), keys_dir)
    if keys.store == "pkcs11":
        from agent.committing.key_pkcs11 import Pkcs11Signer

        return lambda: Pkcs11Signer.create(keys, keys_dir, ask_pin())
    return None
