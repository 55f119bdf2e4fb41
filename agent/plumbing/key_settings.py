"""Where the key that signs orders is kept."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

AbsolutePath = Annotated[str, msgspec.Meta(pattern=r"^(/.*)?$")]


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    store: Literal["file", "pkcs11", "tpm"] = "file"  # an owner-only file, a PKCS#11 token, a TPM 2.0
    pkcs11_module: AbsolutePath = ""  # the library that came with the token
    pkcs11_token: str = ""  # the token's label; its PIN is in keys_dir/pkcs11.pin
    pkcs11_key: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] = (
        "earmark-signing"  # its label there
    )
    pkcs11_paths: tuple[AbsolutePath, ...] = ()  # files and folders that the library writes to
    tpm: AbsolutePath = "/dev/tpmrm0"  # the TPM's device, or a Unix socket of one

    def __post_init__(self) -> None:
        if self.store == "pkcs11" and not (self.pkcs11_module and self.pkcs11_token):
            raise ValueError("keys.store 'pkcs11' needs pkcs11_module and pkcs11_token")
        if self.store == "tpm" and not self.tpm:
            raise ValueError("keys.store 'tpm' needs tpm")

    @property
    def reads(self) -> tuple[str, ...]:
        """What the process that signs must be able to load."""
        return (self.pkcs11_module,) if self.store == "pkcs11" else ()

    @property
    def writes(self) -> tuple[str, ...]:
        """What a token's library writes to, in that process."""
        return self.pkcs11_paths if self.store == "pkcs11" else ()

    @property
    def devices(self) -> tuple[str, ...]:
        """What that process opens to read and write, and asks for nothing else."""
        return (self.tpm,) if self.store == "tpm" else ()
