/**
 * Entries of an own did:webvh log. Pre-rotation is always on: each entry commits to the key that has to sign the next one,
 * so whoever steals the key of today cannot take the identifier over.
 */
import type { Did } from '@hansa/protocols'
import { canonicalJson } from '../../json/canonical-json.ts'
import type { Signer } from '../../keys/signer.ts'
import { multikeyOf } from '../multikey.ts'
import { hostText, type WebLocation, webLocation } from '../web-location.ts'
import { signProof } from './data-integrity.ts'
import { entryHash, nextKeyHash, SCID_PLACEHOLDER, scidOf, type UnsignedEntry } from './entry-hash.ts'
import type { DidLog } from './verify-webvh-log.ts'
import { formatVersionTime } from './version-time.ts'
import { WEBVH_METHOD } from './webvh-parameters.ts'

type UpdateKeys = {
  /** Signs the entry. */
  updateKey: Pick<Signer, 'publicKey' | 'sign'>
  /** 32 bytes: the key that has to sign the next one. */
  nextUpdateKey: Uint8Array
  /** Unix milliseconds; the entry has whole seconds. */
  timeMs: number
  /** Hash of a key that may sign the next one in its place, and undo it for 72 hours. @default there is none */
  recovery?: string | undefined
}

export type NewWebvhLog = UpdateKeys & {
  place: Pick<WebLocation, 'host' | 'port' | 'path'>
  /** The document of the identifier, which is not known before its document is. */
  document(did: Did): Readonly<Record<string, unknown>>
}

/** @returns the identifier and the first line of its log, without a line feed. */
export function newWebvhLog(init: NewWebvhLog): { did: Did; line: string } {
  const { place, updateKey, timeMs } = init
  const named = (scid: string): Did => `did:webvh:${[scid, hostText(place.host, place.port), ...place.path].join(':')}`
  const entryOf = (scid: string): UnsignedEntry => ({
    versionId: scid,
    versionTime: formatVersionTime(timeMs),
    parameters: {
      method: WEBVH_METHOD,
      scid,
      updateKeys: [multikeyOf(updateKey.publicKey)],
      nextKeyHashes: committed(init),
    },
    state: init.document(named(scid)),
  })
  const scid = scidOf(entryOf(SCID_PLACEHOLDER), SCID_PLACEHOLDER)
  const did = named(scid)
  if (webLocation(did) === undefined) throw new RangeError(`${did} is not an identifier that anybody resolves`)
  return { did, line: signedLine(entryOf(scid), 1, updateKey, timeMs) }
}

export type NextWebvhEntry = UpdateKeys & {
  state: Readonly<Record<string, unknown>>
}

/**
 * The line that follows a log. Its time is later than that of the last entry, whatever the clock says.
 * @throws RangeError when the update key is not the one that the log has committed to.
 */
export function nextWebvhLine(log: DidLog, next: NextWebvhEntry): string {
  const { updateKey, timeMs, state } = next
  const { current, versions, active } = log
  const multikey = multikeyOf(updateKey.publicKey)
  if (!active.nextKeyHashes.includes(nextKeyHash(multikey)))
    throw new RangeError('the update key is not the one that the log has committed to')
  const laterMs = Math.max(timeMs, current.timeMs - (current.timeMs % 1000) + 1000)
  const entry: UnsignedEntry = {
    versionId: current.versionId,
    versionTime: formatVersionTime(laterMs),
    parameters: { updateKeys: [multikey], nextKeyHashes: committed(next) },
    state,
  }
  return signedLine(entry, versions.length + 1, updateKey, laterMs)
}

/** The key that goes before stands first. */
function committed({ nextUpdateKey, recovery }: UpdateKeys): string[] {
  const next = nextKeyHash(multikeyOf(nextUpdateKey))
  return recovery === undefined ? [next] : [recovery, next]
}

/** @param entry with the `versionId` of the one before it, or the SCID */
function signedLine(entry: UnsignedEntry, number: number, signer: UpdateKeys['updateKey'], timeMs: number): string {
  const numbered = { ...entry, versionId: `${number}-${entryHash(entry, entry.versionId)}` }
  return canonicalJson({ ...numbered, proof: [signProof(numbered, signer, formatVersionTime(timeMs))] })
}
