"""Which certificates devices hold, by which authority, and which of them they were heard with: in the shop's
database. It says when an authority may go."""

from __future__ import annotations

import msgspec
from cryptography import x509
from sqlalchemy import insert, select, update

from agent.committing.statements import StatusClaims
from order_backend.database import Database
from order_backend.tables import certificates, devices


class Held(msgspec.Struct, frozen=True):
    """A certificate that is not revoked and not over. `authority` is the fingerprint of who signed it, ''
    where an earlier release noted none; `until_s` its end (0: not noted); `seen_s` when the device first said
    that it connects with it (0: never)."""

    authority: str
    until_s: int
    seen_s: int


class Standing(msgspec.Struct, frozen=True):
    """An active device that may connect now. `knows` is the list of authorities that it last said it
    believes."""

    device_id: str
    knows: int
    held: tuple[Held, ...]

    @property
    def until_s(self) -> int:
        """When the last of its certificates is over; 0 where that was not noted."""
        return 0 if any(one.until_s == 0 for one in self.held) else max(one.until_s for one in self.held)

    def connects_by(self, authority: str) -> bool:
        """Whether it has been heard with a certificate of that one, or has none of any other."""
        return any(one.authority == authority and one.seen_s for one in self.held) or all(
            one.authority == authority for one in self.held
        )


class CertificateBook:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, device_id: str, certificate: x509.Certificate, authority: str) -> None:
        """One more that the device may connect with; inside a transaction."""
        self._db.execute(
            insert(certificates).values(
                serial=str(certificate.serial_number),
                device_id=device_id,
                revoked=0,
                authority=authority,
                until_s=int(certificate.not_valid_after_utc.timestamp()),
            )
        )

    def heard(self, device_id: str, claims: StatusClaims, *, now_s: int) -> None:
        """The device has signed what it connects with, and which authorities it knows; neither is ever taken
        back."""
        book, known = certificates.c, devices.c
        with self._db.transaction(device_id):
            if claims.certificate:
                serial = str(int(claims.certificate, 16))
                self._db.execute(
                    update(certificates)
                    .where(book.serial == serial, book.device_id == device_id, book.seen_s == 0)
                    .values(seen_s=now_s)
                )
            self._db.execute(
                update(devices)
                .where(known.device_id == device_id, known.authorities < claims.authorities)
                .values(authorities=claims.authorities)
            )

    def standings(self, now_s: int) -> list[Standing]:
        """Of all active devices that hold a certificate which is good now, by name."""
        book, known = certificates.c, devices.c
        rows = self._db.execute(
            select(known.device_id, known.authorities, book.authority, book.until_s, book.seen_s)
            .join(certificates, book.device_id == known.device_id)
            .where(known.state == "active", book.revoked == 0, (book.until_s == 0) | (book.until_s > now_s))
            .order_by(known.device_id, book.until_s, book.serial)
        )
        found: dict[str, Standing] = {}
        for device_id, knows, *held in rows:
            before = found[device_id].held if device_id in found else ()
            found[device_id] = Standing(device_id, knows, (*before, Held(*held)))
        return list(found.values())
