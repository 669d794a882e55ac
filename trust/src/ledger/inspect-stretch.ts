/**
 * Everything that can be said of a stretch of entries without knowing what comes before: the hashes, the form of each
 * entry, the links between them, the signed objects in them. It depends on nothing but the stretch, so that stretches
 * can be inspected side by side and put together in order afterwards.
 */
import type { CallId, Entry, EntryType } from '@hansa/protocols'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import { HASH_BYTES } from '../merkle/hashing.ts'
import { type EnvelopeVerifier, envelopeVerifier } from '../signed/envelope-verifier.ts'
import { readEntry } from './entry-bytes.ts'
import { leafInPlace, linkInPlace } from './entry-hashes.ts'
import { checkEvidence, type EvidenceNote, noteOf, SKIPPED } from './evidence.ts'
import { RECORD_HEADER_BYTES } from './record.ts'
import type { Since, Stretch } from './stretch.ts'
import { PhaseTimes, type Spent, type Stopwatch } from './verify-phases.ts'

/** Plain data, so that it can come from another thread. */
export type Inspected = {
  origin: string
  /** `prev` of the first entry, and what the entry behind the last one has to name. */
  prev: string
  chain: string
  /** Leaf hashes, one behind the other. */
  leaves: Uint8Array
  types: EntryType[]
  calls: (CallId | undefined)[]
  timesMs: number[]
  evidence: EvidenceNote[]
}

export type Inspection = {
  /** Undefined when anything is wrong with the entries or the links between them: whoever asked looks at each. */
  inspected: Inspected | undefined
  spent: Spent
}

export interface StretchInspector {
  /** Stretches that are worth having in work at once. */
  readonly parallel: number
  /** Takes over the memory of the stretch. A rejection means that the inspection could not be done, never that it found something. */
  inspect(stretch: Stretch): Promise<Inspection>
}

export type LocalInspectorInit = {
  /** @default did:key only, which needs no network */
  resolver?: KeyResolver
  /** @default nothing is measured */
  stopwatch?: Stopwatch
}

/** Inspects in the thread that it is made in. Remembers the batches whose signature it has verified. */
export function localInspector({ resolver = didKeyResolver(), stopwatch }: LocalInspectorInit = {}): StretchInspector {
  const verifier = envelopeVerifier({ resolver })
  return {
    parallel: 1,
    async inspect(stretch) {
      const times = new PhaseTimes(stopwatch)
      const inspected = await inspectStretch(stretch, verifier, times)
      return { inspected, spent: times.spent }
    },
  }
}

async function inspectStretch(
  stretch: Stretch,
  verifier: EnvelopeVerifier,
  times: PhaseTimes,
): Promise<Inspected | undefined> {
  const { leaves, chains } = times.run('chain', () => hashesOf(stretch))
  const entries = times.run('form', () => formsOf(stretch))
  const [head] = entries
  if (head === undefined || entries.length < chains.length || !areLinked(entries, chains, stretch.first))
    return undefined
  const evidence = await times.runAsync('signatures', () => evidenceIn(entries, verifier, stretch.since))
  return {
    origin: head.origin,
    prev: head.prev,
    chain: chains.at(-1) ?? '',
    leaves,
    types: entries.map(({ type }) => type),
    calls: entries.map(({ call_id }) => call_id),
    timesMs: entries.map(({ t_ms }) => t_ms),
    evidence,
  }
}

function hashesOf({ bytes, ends }: Stretch): { leaves: Buffer; chains: string[] } {
  const memory = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const leaves = Buffer.from(new ArrayBuffer(ends.length * HASH_BYTES))
  const chains: string[] = []
  let start = RECORD_HEADER_BYTES
  for (const end of ends) {
    leafInPlace(memory, start, end, leaves, chains.length * HASH_BYTES)
    chains.push(linkInPlace(memory, start, end))
    start = end + RECORD_HEADER_BYTES
  }
  return { leaves, chains }
}

/** Entries up to the first that is none. */
function formsOf({ bytes, ends }: Stretch): Entry[] {
  const entries: Entry[] = []
  let start = RECORD_HEADER_BYTES
  for (const end of ends) {
    const reading = readEntry(bytes.subarray(start, end))
    start = end + RECORD_HEADER_BYTES
    if (!reading.ok) break
    entries.push(reading.entry)
  }
  return entries
}

function areLinked(entries: readonly Entry[], chains: readonly string[], first: number): boolean {
  const origin = entries[0]?.origin
  return entries.every(
    (entry, at) =>
      entry.seq === first + at &&
      entry.origin === origin &&
      (at === 0 || entry.prev === chains[at - 1]) &&
      (entry.seq > 0 || entry.type === 'log.opened'),
  )
}

async function evidenceIn(
  entries: readonly Entry[],
  verifier: EnvelopeVerifier,
  since: Since | undefined,
): Promise<EvidenceNote[]> {
  const notes: EvidenceNote[] = []
  for (const entry of entries) {
    notes.push(isBefore(entry, since) ? SKIPPED : noteOf(await checkEvidence(entry, verifier)))
  }
  return notes
}

/** Whether an entry is before what was asked for. */
export function isBefore({ seq, t_ms }: Entry, since: Since | undefined): boolean {
  if (since === undefined) return false
  return 'seq' in since ? seq < since.seq : t_ms < since.tMs
}
