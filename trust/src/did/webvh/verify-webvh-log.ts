/**
 * Verifies the log of a did:webvh identifier (did:webvh 1.0, Read): the self-certifying identifier, the chain of hashes, the
 * order of numbers and times, the keys that may sign, pre-rotation, witnesses, portability, deactivation. One bad entry
 * refuses the whole log: what stands behind it may be what its host would like to hide.
 */
import {
  type Did,
  isDid,
  type UnixSeconds,
  type WebvhEntry,
  type WebvhWitness,
  type WebvhWitnessFile,
} from '@hansa/protocols'
import { type DocumentKeys, readDidDocument } from '../document-keys.ts'
import { webLocation } from '../web-location.ts'
import { AdmittedMultikeys, proofVerifies, readProof } from './data-integrity.ts'
import { entryHash, nextKeyHash, scidOf } from './entry-hash.ts'
import { proofsOf, readWebvhLog, readWitnessFile } from './read-log.ts'
import { parseVersionTime } from './version-time.ts'
import { type ActiveParameters, firstParameters, nextParameters } from './webvh-parameters.ts'

/** Seconds that an entry may be ahead of this clock (security.md B0.4). */
const SKEW_SECONDS = 60

export type DidVersion = {
  versionId: string
  /** Unix milliseconds. */
  timeMs: number
  /** `id` of the document: it changes when a portable identifier moves. */
  did: Did
  state: Readonly<Record<string, unknown>>
  /** Of the document as it was then. */
  keys: DocumentKeys
  /** Where the key that signed it stands among several that the version before committed to; 0 goes before the others. */
  rank?: number
}

export type DidLog = {
  did: Did
  versions: readonly DidVersion[]
  current: DidVersion
  deactivated: boolean
  /** What the next entry has to fit. */
  active: ActiveParameters
  /** By version, who has to have witnessed it. */
  owed: readonly (WebvhWitness | undefined)[]
}

export type DidLogVerdict = { ok: true; log: DidLog } | { ok: false; reason: string }

export type VerifyWebvhInit = {
  /** The identifier that was asked for. */
  did: Did
  /** Bytes of `did.jsonl`, and of `did-witness.json` if there is one. */
  log: Uint8Array
  witnesses?: Uint8Array | undefined
  now: UnixSeconds
  /** @default 1_000 */
  maxEntries?: number | undefined
  /** What was verified of the same bytes before: only entries behind it are looked at. The caller has compared the bytes. */
  before?: DidLog | undefined
}

/** Never throws for anything in the bytes. */
export function verifyWebvhLog(init: VerifyWebvhInit): DidLogVerdict {
  const steps = verifying(init)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same with a turn of the event loop between entries: each costs some milliseconds, and a stranger says how many. */
export async function verifyWebvhLogInTurns(init: VerifyWebvhInit): Promise<DidLogVerdict> {
  const steps = verifying(init)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** One step for each entry. */
function* verifying({ did, log, witnesses, now, maxEntries, before }: VerifyWebvhInit): Generator<void, DidLogVerdict> {
  const location = webLocation(did)
  if (location?.method !== 'webvh') return refuse('not_a_did_webvh')
  const read = readWebvhLog(log)
  if (!read.ok) return read
  if (maxEntries !== undefined && read.entries.length > maxEntries) return refuse('log_too_long')
  const file = witnesses === undefined ? { ok: true as const, proofs: [] } : readWitnessFile(witnesses)
  if (!file.ok) return file
  const walk = new LogWalk(location.scid, now, before)
  for (const [at, entry] of read.entries.entries()) {
    if (at < walk.known) continue
    const reason = walk.take(entry)
    if (reason !== undefined) return refuse(`entry ${at + 1}: ${reason}`)
    yield
  }
  const unwitnessed = walk.unwitnessed(file.proofs)
  if (unwitnessed !== undefined) return refuse(unwitnessed)
  const { versions, active, owed } = walk
  const current = versions.at(-1)
  if (current === undefined || active === undefined) return refuse('log_empty')
  // An identifier that moved is answered for under its old names, and under none that it never had.
  if (!versions.some((version) => version.did === did)) return refuse('log_of_another')
  return { ok: true, log: { did, versions, current, deactivated: active.deactivated, active, owed } }
}

class LogWalk {
  /** Entries that were verified before. */
  readonly known: number
  readonly versions: DidVersion[]
  active: ActiveParameters | undefined
  /** By version, who has to have witnessed it. */
  readonly owed: (WebvhWitness | undefined)[]
  readonly #scid: string
  readonly #now: UnixSeconds
  readonly #admitted = new AdmittedMultikeys()

  constructor(scid: string, now: UnixSeconds, before: DidLog | undefined) {
    this.#scid = scid
    this.#now = now
    this.known = before?.versions.length ?? 0
    this.versions = [...(before?.versions ?? [])]
    this.owed = [...(before?.owed ?? [])]
    this.active = before?.active
  }

  /** @returns why the entry may not follow. */
  take(entry: WebvhEntry): string | undefined {
    const before = this.active
    const verdict = before === undefined ? firstParameters(entry.parameters) : nextParameters(before, entry.parameters)
    if (!verdict.ok) return verdict.reason
    const { active, signers, witness } = verdict
    const timeMs = parseVersionTime(entry.versionTime)
    const reason = this.#hashFault(entry, active) ?? this.#timeFault(timeMs) ?? this.#proofFault(entry, signers)
    if (reason !== undefined) return reason
    const document = this.#documentOf(entry, active)
    if (typeof document === 'string') return document
    this.active = active
    this.owed.push(witness)
    const ranked = rankOf(entry, before)
    this.versions.push({ versionId: entry.versionId, timeMs: timeMs ?? 0, state: entry.state, ...document, ...ranked })
    return undefined
  }

  #hashFault(entry: WebvhEntry, active: ActiveParameters): string | undefined {
    const last = this.versions.at(-1)
    const { proof: _proof, ...unsigned } = entry
    if (active.scid !== this.#scid) return 'scid_of_another'
    if (last === undefined && scidOf(unsigned, active.scid) !== active.scid) return 'scid_not_its_hash'
    const expected = `${this.versions.length + 1}-${entryHash(unsigned, last?.versionId ?? active.scid)}`
    return entry.versionId === expected ? undefined : 'version_id'
  }

  #timeFault(timeMs: number | undefined): string | undefined {
    if (timeMs === undefined) return 'version_time_malformed'
    if (timeMs > (this.#now + SKEW_SECONDS) * 1000) return 'version_time_in_the_future'
    const last = this.versions.at(-1)
    return last !== undefined && timeMs <= last.timeMs ? 'version_time_not_later' : undefined
  }

  /** Every proof has to be good, and by a key that may sign: one that is not is there to mislead somebody. */
  #proofFault(entry: WebvhEntry, signers: readonly string[]): string | undefined {
    const { proof: _proof, ...document } = entry
    for (const proof of proofsOf(entry)) {
      const read = readProof(proof)
      if (!read.ok) return read.reason
      if (!signers.includes(read.multikey)) return 'proof_by_another_key'
      const key = this.#admitted.get(read.multikey)
      if (key === undefined) return 'proof_key_not_admitted'
      if (!proofVerifies(document, proof, key)) return 'proof_invalid'
    }
    return undefined
  }

  #documentOf({ state }: WebvhEntry, active: ActiveParameters): Pick<DidVersion, 'did' | 'keys'> | string {
    const did = typeof state.id === 'string' && isDid(state.id) ? state.id : undefined
    const location = did && webLocation(did)
    if (did === undefined || location?.method !== 'webvh') return 'document_id'
    if (location.scid !== this.#scid) return 'document_scid'
    const last = this.versions.at(-1)
    if (last !== undefined && last.did !== did) {
      if (!active.portable) return 'moved_and_not_portable'
      const others = Array.isArray(state.alsoKnownAs) ? state.alsoKnownAs : []
      if (!others.includes(last.did)) return 'moved_without_its_old_name'
    }
    const read = readDidDocument(state, did)
    return read.ok ? { did, keys: read.keys } : read.reason
  }

  /**
   * Whether each version has the witnesses that were in force for it. A proof of a later version of this log speaks for
   * those before it; one of a version that is not in this log speaks for nothing, whatever it was made for.
   */
  unwitnessed(proofs: WebvhWitnessFile): string | undefined {
    if (this.owed.every((witness) => witness === undefined)) return undefined
    const upTo = this.#witnessedUpTo(proofs)
    for (const [at, witness] of this.owed.entries()) {
      if (witness === undefined) continue
      const approved = witness.witnesses.filter(({ id }) => (upTo.get(id.slice('did:key:'.length)) ?? 0) > at)
      if (approved.length < witness.threshold) return `entry ${at + 1}: witness_threshold`
    }
    return undefined
  }

  /** By multikey, the highest version number that it signed for. */
  #witnessedUpTo(proofs: WebvhWitnessFile): Map<string, number> {
    const numbers = new Map(this.versions.map(({ versionId }, at) => [versionId, at + 1]))
    const named = new Set(this.owed.flatMap((witness) => witness?.witnesses.map(({ id }) => id.slice(8)) ?? []))
    const upTo = new Map<string, number>()
    for (const { versionId, proof } of proofs) {
      const number = numbers.get(versionId)
      if (number === undefined) continue
      for (const one of proof) {
        const read = readProof(one)
        if (!read.ok || !named.has(read.multikey) || (upTo.get(read.multikey) ?? 0) >= number) continue
        const key = this.#admitted.get(read.multikey)
        if (key !== undefined && proofVerifies({ versionId }, one, key)) upTo.set(read.multikey, number)
      }
    }
    return upTo
  }
}

/** By the key that goes before the others among those that signed it. */
function rankOf(entry: WebvhEntry, before: ActiveParameters | undefined): Pick<DidVersion, 'rank'> {
  if (before === undefined || before.nextKeyHashes.length < 2) return {}
  const ranks = proofsOf(entry).map((proof) => {
    const read = readProof(proof)
    return read.ok ? before.nextKeyHashes.indexOf(nextKeyHash(read.multikey)) : -1
  })
  return ranks.length === 0 || ranks.includes(-1) ? {} : { rank: Math.min(...ranks) }
}

function refuse(reason: string): DidLogVerdict {
  return { ok: false, reason }
}
