/** The hashes of did:webvh 1.0: base58btc of a SHA-256 multihash over canonical JSON, or over the text of a key. */
import type { WebvhEntry } from '@hansa/protocols'
import { sha256 } from '../../encoding/hash.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { encodeBase58btc } from '../base58btc.ts'

/** Stands for the identifier that is the hash of what it stands in. */
export const SCID_PLACEHOLDER = '{SCID}'

export type UnsignedEntry = Omit<WebvhEntry, 'proof'>

/** @param versionId of the entry before; the SCID for the first. */
export function entryHash(entry: UnsignedEntry, versionId: string): string {
  return multihash(canonicalJson({ ...entry, versionId }))
}

/** The identifier that a first entry hashes to when it stands nowhere in it. */
export function scidOf(entry: UnsignedEntry, scid: string): string {
  return multihash(canonicalJson({ ...entry, versionId: SCID_PLACEHOLDER }).replaceAll(scid, SCID_PLACEHOLDER))
}

/** By which an entry commits to a key that a later one may be signed with. */
export function nextKeyHash(multikey: string): string {
  return multihash(multikey)
}

function multihash(text: string): string {
  return encodeBase58btc(Buffer.concat([Buffer.from([0x12, 0x20]), sha256(text)]))
}
