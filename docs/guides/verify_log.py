#!/usr/bin/env python3
"""Checks the log of a Hansa node, an export or a proof of it, with Python's own library and the openssl command, and with nothing of Hansa.

    verify_log.py LOG MANIFEST [CHECKPOINT...]
    verify_log.py EXPORT MANIFEST
    verify_log.py PROOF MANIFEST

LOG is the directory `log` of a node, a copy of it, or a directory of tiles as C2SP tlog-tiles describes it. MANIFEST is a file with the signed manifest of that node, as
`hansa advertise --jws` prints it and as it stands at https://NODE/.well-known/hansa/manifest. The manifest names the key
of the log; the DID in it is the key that signed it. CHECKPOINT is a file `log/checkpoint` that you kept from before: the
log has to contain it. EXPORT is a file that `hansa audit export` wrote: each entry in it has to stand under the checkpoint.
PROOF is a C2SP tlog-proof, NAME.tlog-proof; its entry is in NAME.json beside it.

Exit code: 0 when everything holds, 1 when something does not, 3 when the arguments are wrong.
"""
import base64
import binascii
import glob
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

HEADER = struct.Struct(">4sIIQ")
GENESIS = "A" * 43
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# SubjectPublicKeyInfo of an Ed25519 key, in front of its 32 bytes (RFC 8410).
SPKI = bytes.fromhex("302a300506032b6570032100")


class Wrong(Exception):
    """Something that does not hold; the text says what and where."""


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


def signed_by(key, message, signature):
    """Asks openssl whether the Ed25519 signature is that of the key."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = [os.path.join(scratch, name) for name in ("key.der", "message", "signature")]
        for path, data in zip(paths, (SPKI + key, message, signature)):
            with open(path, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0]]
        command += ["-rawin", "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True).returncode == 0


def key_of_did(did):
    """did:key:z<base58 of 0xed01 and the key>."""
    if not did.startswith("did:key:z"):
        raise Wrong(f"{did} is not a did:key")
    number = 0
    for character in did[len("did:key:z"):]:
        number = number * 58 + BASE58.index(character)
    data = number.to_bytes(34, "big")
    if data[:2] != b"\xed\x01":
        raise Wrong(f"{did} is not an Ed25519 key")
    return data[2:]


def read_manifest(path):
    """The DID and the key of each of its logs, from a manifest whose signature is that of the DID."""
    with open(path) as file:
        token = file.read().strip()
    parts = token.split(".")
    if len(parts) != 3:
        raise Wrong(f"{path} is not a signed manifest")
    payload = json.loads(base64url(parts[1]))
    did = payload["kernel_id"]
    if not signed_by(key_of_did(did), f"{parts[0]}.{parts[1]}".encode(), base64url(parts[2])):
        raise Wrong(f"the manifest is not signed by {did}")
    return did, {log["origin"]: log["vkey"] for log in payload["logs"]}


def key_of_log(vkey):
    """C2SP signed-note: <name>+<first 4 bytes of a hash, hexadecimal>+<base64 of 0x01 and the key>."""
    name, identifier, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded)
    expected = sha256(name.encode() + b"\n" + material)[:4]
    if material[0] != 1 or len(material) != 33 or expected.hex() != identifier:
        raise Wrong("the key of the log is malformed")
    return material[1:], expected


def records(log, kind):
    """HKL1, length, crc32, number, bytes: yields number and bytes of each record, in order."""
    paths = sorted(glob.glob(os.path.join(log, f"{kind}-*.hkl")))
    if not paths:
        raise Wrong(f"there is no {kind}-*.hkl in {log}")
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        at = 0
        while at < len(data):
            place = f"{os.path.basename(path)} at byte {at}"
            if data[at:at + 4] != b"HKL1":
                raise Wrong(f"{place}: there is no record")
            end = at + HEADER.size
            if end <= len(data):
                _, length, checksum, number = HEADER.unpack_from(data, at)
                end += length
            if end > len(data):
                # Written, or copied, in part: what follows is missing, and a checkpoint over it would say so.
                print(f"cut off      {place}: the last record is not whole")
                return
            if zlib.crc32(data[at + 12:end]) != checksum:
                raise Wrong(f"{place}: the checksum does not fit")
            yield number, data[at + HEADER.size:end]
            at = end


def read_tile(log, level, index, width):
    """C2SP tlog-tiles: tile/<level>/x001/x234/067, and behind it .p/<width> unless it is full."""
    groups, above = [f"{index % 1000:03}"], index // 1000
    while above > 0:
        groups, above = [f"x{above % 1000:03}", *groups], above // 1000
    path = os.path.join(log, "tile", str(level), *groups)
    with open(path if width == 256 else os.path.join(f"{path}.p", str(width)), "rb") as file:
        return file.read()


def bundled(log, size):
    """Number and bytes of each entry in the tiles of entries: length in two bytes, entry, and so on."""
    for first in range(0, size, 256):
        width = min(256, size - first)
        data, at = read_tile(log, "entries", first // 256, width), 0
        for number in range(first, first + width):
            end = at + 2 + int.from_bytes(data[at:at + 2], "big")
            yield number, data[at + 2:end]
            at = end
        if at != len(data):
            raise Wrong(f"the tile of entry {first} has another length than its entries")


def check_hashes(log, leaves):
    """Every tile of hashes: those of the entries, then those of the full tiles below, up to the last."""
    level, hashes = 0, leaves
    while hashes:
        above = []
        for first in range(0, len(hashes), 256):
            tile = hashes[first:first + 256]
            if read_tile(log, level, first // 256, len(tile)) != b"".join(tile):
                raise Wrong(f"tile {first // 256} of level {level} holds other hashes")
            if len(tile) == 256:
                while len(tile) > 1:
                    tile = [sha256(b"\x01" + tile[at] + tile[at + 1]) for at in range(0, len(tile), 2)]
                above += tile
        level, hashes = level + 1, above


class Tree:
    """RFC 6962, section 2.1: the roots of the growing tree, from the roots of its perfect parts."""

    def __init__(self):
        self.size = 0
        self.parts = []

    def add(self, leaf):
        node, width = sha256(b"\x00" + leaf), 1
        while self.parts and self.parts[-1][1] == width:
            left, _ = self.parts.pop()
            node, width = sha256(b"\x01" + left + node), width * 2
        self.parts.append((node, width))
        self.size += 1

    def root(self):
        if not self.parts:
            return sha256(b"")
        node = self.parts[-1][0]
        for left, _ in reversed(self.parts[:-1]):
            node = sha256(b"\x01" + left + node)
        return node


def read_note(note, origin, vkey):
    """C2SP checkpoint: origin, size, root; an empty line; signatures. Gives size and root."""
    key, identifier = key_of_log(vkey)
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != origin:
        raise Wrong("a checkpoint is malformed, or of another log")
    for line in signatures.strip("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded)
        if dash == "—" and name == origin and signature[:4] == identifier:
            if signed_by(key, text.encode(), signature[4:]):
                return int(lines[1]), base64.b64decode(lines[2])
            raise Wrong(f"the signature of the checkpoint over {lines[1]} entries is forged")
    raise Wrong(f"the checkpoint over {lines[1]} entries is not signed by the key of the manifest")


def leads_to(root, size, index, leaf, path):
    """RFC 9162, section 2.1.3.2: whether the path leads from the leaf at this index to the root of a tree of this size."""
    node, first, last = sha256(b"\x00" + leaf), index, size - 1
    if not 0 <= index < size:
        return False
    for other in path:
        if last == 0:
            return False
        if first % 2 == 1 or first == last:
            node = sha256(b"\x01" + other + node)
            while first % 2 == 0 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + other)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


def verify_export(export, manifest):
    did, keys = read_manifest(manifest)
    with open(export) as file:
        header, *lines = [json.loads(line) for line in file]
    origin = header["log"]["origin"]
    if header["kind"] != "hansa-audit-export" or header["kernel"] != did or origin not in keys:
        raise Wrong(f"this is no export of a log of {did}")
    size, root = read_note(header["checkpoint"], origin, keys[origin])
    if not lines or lines[-1] != {"end": True, "entries": len(lines) - 1}:
        raise Wrong("the end is missing, or counts another number of entries")
    before = -1
    for line in lines[:-1]:
        data, number = base64url(line["entry"]), line["seq"]
        entry = json.loads(data)
        if number <= before or entry["seq"] != number or entry["origin"] != origin:
            raise Wrong(f"entry {number} is out of its place")
        if not leads_to(root, size, number, data, [base64url(part) for part in line["path"]]):
            raise Wrong(f"entry {number} does not stand under the checkpoint")
        before = number
    print(f"node         {did}")
    print(f"log          {origin}")
    print(f"about        {header['peer']}")
    print(f"entries      {len(lines) - 1}, each under the checkpoint over {size} entries")
    print("OK")


def verify_proof(proof, manifest):
    did, keys = read_manifest(manifest)
    with open(proof, newline="") as file:
        top, _, note = file.read().partition("\n\n")
    with open(proof.removesuffix(".tlog-proof") + ".json", "rb") as file:
        data = file.read()
    lines = [line for line in top.split("\n")[1:] if not line.startswith("extra ")]
    index, path = int(lines[0].removeprefix("index ")), [base64.b64decode(line) for line in lines[1:]]
    entry, origin = json.loads(data), note.split("\n")[0]
    if origin not in keys:
        raise Wrong(f"the manifest names no key for {origin}")
    size, root = read_note(note, origin, keys[origin])
    if entry["seq"] != index or entry["origin"] != origin:
        raise Wrong(f"the entry says that it is entry {entry['seq']} of {entry['origin']}")
    if not leads_to(root, size, index, data, path):
        raise Wrong(f"the entry is not entry {index} under the checkpoint over {size} entries")
    print(f"node         {did}")
    print(f"log          {origin}")
    print(f"entry        {index}, {entry['type']}, under the checkpoint over {size} entries")
    print("OK")


def verify(log, manifest, *kept):
    did, keys = read_manifest(manifest)
    tree, roots, previous = Tree(), [Tree().root()], GENESIS
    origin, leaves = None, []
    with open(os.path.join(log, "checkpoint")) as file:
        last = file.read()
    tiled = os.path.isdir(os.path.join(log, "tile"))
    for number, data in bundled(log, int(last.split("\n")[1])) if tiled else records(log, "entries"):
        entry = json.loads(data)
        origin = origin or entry["origin"]
        if number != tree.size or entry["seq"] != tree.size:
            raise Wrong(f"entry {tree.size} is missing, or out of its place")
        if entry["prev"] != previous:
            raise Wrong(f"entry {tree.size} does not follow from the one before it")
        if entry["origin"] != origin:
            raise Wrong(f"entry {tree.size} is of another log")
        chained = hashlib.sha256(b"hansa/chain/v1\n" + data).digest()
        previous = base64.urlsafe_b64encode(chained).decode().rstrip("=")
        tree.add(data)
        roots.append(tree.root())
        leaves.append(sha256(b"\x00" + data))
    if origin not in keys:
        raise Wrong(f"the manifest names no key for {origin}")
    if tiled:
        check_hashes(log, leaves)
    notes = [last] if tiled else [data.decode() for _, data in records(log, "checkpoints")] + [last]
    signed = 0
    for note in notes:
        size, root = read_note(note, origin, keys[origin])
        if size < signed:
            raise Wrong(f"the checkpoint over {size} entries comes after one over {signed}")
        if size > tree.size:
            raise Wrong(f"a checkpoint covers {size} entries, and only {tree.size} are there")
        if root != roots[size]:
            raise Wrong(f"the checkpoint over {size} entries has another root")
        signed = size
    for path in kept:
        with open(path) as file:
            size, root = read_note(file.read(), origin, keys[origin])
        if size > tree.size or root != roots[size]:
            raise Wrong(f"the log does not contain {path}, which covers {size} entries")
    print(f"node         {did}")
    print(f"log          {origin}")
    print(f"entries      {tree.size}, each follows from the one before it")
    print(f"checkpoints  {len(notes) if tiled else len(notes) - 1}, all signed by the key that the manifest names")
    print(f"root         {base64.b64encode(roots[signed]).decode()} over {signed} entries")
    if signed < tree.size:
        print(f"unsigned     the last {tree.size - signed} entries stand under no checkpoint yet")
    print("OK")


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 3
    try:
        if arguments[0].endswith(".tlog-proof"):
            verify_proof(*arguments[:2])
        elif os.path.isfile(arguments[0]):
            verify_export(*arguments[:2])
        else:
            verify(*arguments)
        return 0
    except Wrong as wrong:
        print(f"WRONG: {wrong}")
    except (ValueError, KeyError, TypeError, IndexError, OSError, struct.error, binascii.Error) as error:
        print(f"WRONG: cannot be read: {type(error).__name__}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
