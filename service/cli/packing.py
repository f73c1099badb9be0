"""Commands that make one signed file of a rule set, and check it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from service.cli.rules import rules_option
from service.config import read_settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.command()
@rules_option
@click.option("--out", type=_NEW, help="Where to write; NAME-VERSION-DIGEST.pack here by default.")
def pack(rules_folder: Path, out: Path | None) -> None:
    """Make one file of a rule set, with a manifest: digests, versions, sources. Wrong rules make no pack."""
    from service.review.packs import make_pack, open_pack

    content = make_pack(rules_folder, read_settings().knowledge_settings, made_by=version("sciatica-cds"))
    manifest = open_pack(content).manifest
    path = out or Path(f"{manifest['name']}-{manifest['version']}-{manifest['digest'][:12]}.pack")
    path.write_bytes(content)
    click.echo(f"{path}: {len(manifest['rules'])} rules, {len(content)} bytes, digest {manifest['digest']}")


@click.command()
@click.argument("pack_file", metavar="PACK", type=_FILE, required=False)
@click.option("--key", "key_file", type=_FILE, help="The private key, as --new-key made it.")
@click.option("--new-key", type=_NEW, help="Make a private key here first, and print the line that others must trust.")
def sign(pack_file: Path | None, key_file: Path | None, new_key: Path | None) -> None:
    """Sign PACK with Ed25519: writes PACK.sig beside it."""
    from service.review import signatures

    if new_key is not None:
        try:
            click.echo(signatures.new_key(new_key))
        except FileExistsError:
            raise click.UsageError(f"{new_key} exists already") from None
    if pack_file is None:
        if new_key is None:
            raise click.UsageError("name a pack, or make a key with --new-key")
        return
    key = key_file or new_key
    if key is None:
        raise click.UsageError("--key FILE is the private key to sign with")
    signatures.signature_file(pack_file).write_text(signatures.sign(pack_file.read_bytes(), key), encoding="utf-8")
    click.echo(f"{signatures.signature_file(pack_file)} written")


@click.command()
@click.argument("pack_file", metavar="PACK", type=_FILE)
@click.option("--keys", "keys_file", type=_FILE, required=True, help="The trusted keys: a name and a key a line.")
def verify(pack_file: Path, keys_file: Path) -> None:
    """Check that a trusted key signed PACK, and that it holds what its manifest says. Ends with 1 when not."""
    from service.review.packs import open_pack
    from service.review.signatures import verify_files

    content, name = verify_files(pack_file, keys_file)
    manifest = open_pack(content).manifest
    approved = sum(rule["approved"] for rule in manifest["rules"])
    click.echo(
        f"signed by {name}: {manifest['name']} {manifest['version']}, {len(manifest['rules'])} rules, "
        f"{approved} approved, digest {manifest['digest']}"
    )
