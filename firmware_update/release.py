"""`earmark-release`: keys, releases and the repository of releases. For the publisher's machine."""

from __future__ import annotations

import argparse
import os
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent import __version__
from agent.plumbing import durable
from agent.plumbing.errors import EarmarkError, UpdateError
from firmware_update.archive import MANIFEST, Manifest, build_archive
from firmware_update.releases import Release, parse_release
from firmware_update.repository import ROLES, Repository, create_keys, load_signer

_EPILOG = """\
a first release:
  earmark-release keys keys                     four keys; root.pem belongs offline
  earmark-release found repository --keys keys  an empty repository; devices pin its 1.root.json
  earmark-release build . release.tar.gz --version 0.2.0
  earmark-release sign repository release.tar.gz --keys keys
and at least every week: earmark-release renew repository --keys keys
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with what was found and what to do."""
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except EarmarkError as error:
        print(f"earmark-release: {error.explained()}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"earmark-release: {error}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="earmark-release",
        description="Make, sign and publish releases for devices.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        one.set_defaults(command=function)
        return one

    def of_repository(name: str, function: object, text: str) -> argparse.ArgumentParser:
        one = command(name, function, text)
        one.add_argument(
            "repository", type=Path, metavar="REPOSITORY", help="the folder that a web server hands out"
        )
        one.add_argument(
            "--keys", type=Path, required=True, metavar="DIR", help="the folder of the private keys"
        )
        return one

    keys = command("keys", _keys, "create the four private keys")
    keys.add_argument("folder", type=Path, metavar="DIR")
    keys.add_argument("--ecdsa", action="store_true", help="P-256 instead of Ed25519")

    of_repository("found", _found, "found an empty repository")

    build = command("build", _build, "build the archive of a release; the same input gives the same bytes")
    build.add_argument("source", type=Path, metavar="SOURCE", help="a checkout")
    build.add_argument("archive", type=Path, metavar="ARCHIVE", help="the file to write")
    build.add_argument(
        "--version", default=__version__, help=f"MAJOR.MINOR.PATCH (default: {__version__}, this code's own)"
    )
    build.add_argument("--hardware", default="generic", help="the devices that it is for (default: generic)")
    build.add_argument("--epoch", type=int, default=0, help="raise it when nothing older may ever run again")
    build.add_argument(
        "--built",
        type=int,
        default=int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or None,
        metavar="SECONDS",
        help="build time, Unix seconds (default: $SOURCE_DATE_EPOCH, or now)",
    )

    sign = of_repository("sign", _sign, "offer a release to all devices of its hardware")
    sign.add_argument("archive", type=Path, metavar="ARCHIVE")
    withdraw = of_repository("withdraw", _withdraw, "offer nothing to a kind of device any more")
    withdraw.add_argument("hardware", metavar="HARDWARE")
    of_repository("renew", _renew, "sign again what expires soon")
    rotate = of_repository("rotate", _rotate, "replace a key, for instance one that was lost or seen")
    rotate.add_argument("role", choices=ROLES)
    show = command("show", _show, "list what is offered")
    show.add_argument("repository", type=Path, metavar="REPOSITORY")
    return parser


def _repository(options: argparse.Namespace) -> Repository:
    return Repository(options.repository, getattr(options, "keys", Path()), datetime.now(UTC))


def _keys(options: argparse.Namespace) -> None:
    create_keys(options.folder, ecdsa=options.ecdsa)
    print(f"{options.folder}: {', '.join(f'{role}.pem' for role in ROLES)}. Keep root.pem offline.")


def _found(options: argparse.Namespace) -> None:
    print(f"founded; devices pin {_repository(options).found()}")


def _build(options: argparse.Namespace) -> None:
    built_s = int(datetime.now(UTC).timestamp()) if options.built is None else options.built
    facts = {
        "version": options.version,
        "hardware": options.hardware,
        "epoch": options.epoch,
        "built_s": built_s,
    }
    archive = build_archive(options.source, parse_release(facts))
    durable.write(options.archive, archive)
    print(f"{options.archive}: {options.version} for {options.hardware}, {len(archive)} bytes")


def _sign(options: argparse.Namespace) -> None:
    release = _facts_of(options.archive)
    repository = _repository(options)
    offered = repository.offered().values()
    if older := [
        other for other in offered if other.hardware == release.hardware and other.rank >= release.rank
    ]:
        detail = f"{release.name} is not above {older[0].name}"
        raise UpdateError("release_not_newer", detail, "build it with a higher --version or --epoch")
    path = repository.sign_release(options.archive.read_bytes(), release)
    print(f"{path}: {release.version}")


def _facts_of(path: Path) -> Release:
    """What the archive says of itself: nothing is typed twice."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            manifest = archive.extractfile(MANIFEST)
            return msgspec.json.decode(manifest.read() if manifest else b"", type=Manifest).release
    except (OSError, tarfile.TarError, KeyError, msgspec.DecodeError) as error:
        raise UpdateError(
            "update_damaged", f"{path} is no release: {error}", "earmark-release build --help"
        ) from error


def _withdraw(options: argparse.Namespace) -> None:
    _repository(options).withdraw(options.hardware)
    print(f"{options.hardware}: nothing is offered")


def _renew(options: argparse.Namespace) -> None:
    _repository(options).renew()
    print("renewed")


def _rotate(options: argparse.Namespace) -> None:
    repository, path = _repository(options), options.keys / f"{options.role}.pem"
    old_root = load_signer(options.keys, "root")
    if path.exists():
        path.rename(path.with_suffix(".old.pem"))
    create_keys(options.keys, only=(options.role,))
    repository.rotate(options.role, old_root)
    print(f"{path} is new; {path.with_suffix('.old.pem').name} is trusted no more: destroy it")


def _show(options: argparse.Namespace) -> None:
    for path, release in sorted(_repository(options).offered().items()):
        built = datetime.fromtimestamp(release.built_s, UTC).date()
        print(f"{path}: {release.version}, epoch {release.epoch}, built {built}")


if __name__ == "__main__":
    sys.exit(main())
