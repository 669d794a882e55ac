/**
 * One pass over the entries of a log that may have been tampered with: framing, order, form, chain, tree. It names what
 * is wrong where it finds it and goes on behind it; what can no longer be said after a fault is not said.
 */
import type { CheckpointReference, Entry } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES, leafHash, sameHash } from '../merkle/hashing.ts'
import { chainHash, GENESIS, readEntry } from './entry-bytes.ts'
import type { FaultList } from './fault-list.ts'
import { Frontier } from './frontier.ts'
import type { Inspected, StretchInspector } from './inspect-stretch.ts'
import { inspectedAhead } from './inspected-ahead.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import {
  asBuffer,
  type Damage,
  type RecordFile,
  recordFiles,
  type Scanned,
  type ScannedRecord,
  scanFile,
} from './record-files.ts'
import type { LogFaultCode } from './report.ts'
import { HASHES_FILE, leafOfStored, storedCount } from './stored-hashes.ts'
import { hashAt, type Since, stretchOf } from './stretch.ts'
import type { PhaseTimes } from './verify-phases.ts'
import { WalkedEntry } from './walked-entry.ts'

const MAX_NAMED = 1000

/** A root that must come out; `from` says where it is claimed. */
export type ClaimedRoot = { head: CheckpointReference; file: string; offset: number; code: LogFaultCode; from: string }

export type WalkInit = {
  directory: LogDirectory
  /** In order of size. */
  roots: readonly ClaimedRoot[]
  /** Entries whose hashes the hash file must hold: the size of the last checkpoint. */
  hashed: number
  faults: FaultList
  inspector: StretchInspector
  times: PhaseTimes
  since?: Since | undefined
}

/** One thing after the other that is found in the files of entries. */
type Step = { kind: 'file'; file: RecordFile } | { kind: 'records'; scanned: Scanned; last: boolean }

export type WalkResult = {
  size: number
  origin: string | undefined
  /** Over all entries; undefined when one of them could not be read. */
  root: string | undefined
  rootsChecked: number
  /** An unfinished record at the end: what a crash leaves. */
  torn: { file: string; offset: number } | undefined
}

export class LogWalk {
  readonly #init: WalkInit
  readonly #frontier = new Frontier()
  /** Hashes that the tree grew by since they were last compared with their file. */
  #grown: Uint8Array[] = []
  #hashesCompared = 0
  #hashesRight = true
  #roots: ClaimedRoot[]
  #rootsChecked = 0
  #matched = 0
  #whole = true
  #prev: string | undefined = GENESIS
  #expected = 0
  #origin: string | undefined
  #torn: WalkResult['torn']
  /** The first root that did not come out. */
  #mismatch: { code: LogFaultCode; file: string; offset: number; from: string; first: number; end: number } | undefined
  /** Entries that something else was found wrong with. */
  readonly #named: number[] = []
  /** Between damage and the next readable record. */
  #lost = false

  constructor(init: WalkInit) {
    this.#init = init
    this.#roots = [...init.roots]
  }

  /** Readable entries, a chunk at a time. The signed objects in an entry are not looked at where something is wrong with its stretch. */
  async *entries(): AsyncGenerator<WalkedEntry[]> {
    const { inspector, times, since } = this.#init
    const stretch = (step: Step) => (step.kind === 'file' ? undefined : stretchOf(step.scanned.records, since))
    for await (const { step, inspection } of inspectedAhead(this.#steps(), stretch, inspector)) {
      if (step.kind === 'file') {
        this.#beginFile(step.file)
        continue
      }
      const { records, damage } = step.scanned
      if (inspection !== undefined) times.add(inspection.spent)
      yield this.#take(records, inspection?.inspected)
      await this.#compareHashes()
      if (damage !== undefined) this.#damage(damage, step.last)
    }
  }

  async *#steps(): AsyncGenerator<Step> {
    const { directory, times } = this.#init
    const files = await recordFiles(directory, ENTRIES)
    for (const file of files) {
      yield { kind: 'file', file }
      for await (const scanned of scanFile(directory, file, 0, times)) {
        yield { kind: 'records', scanned, last: file === files.at(-1) }
      }
    }
  }

  #take(records: readonly ScannedRecord[], inspected: Inspected | undefined): WalkedEntry[] {
    if (inspected !== undefined && this.#follows(records, inspected)) return this.#takeAll(records, inspected)
    return records.map((record) => this.#record(record)).filter((entry) => entry !== undefined)
  }

  /** Whether a stretch in which nothing is wrong goes on where the log is. */
  #follows([first]: readonly ScannedRecord[], { origin, prev }: Inspected): boolean {
    return (
      first?.number === this.#expected && prev === this.#prev && (this.#origin === undefined || this.#origin === origin)
    )
  }

  #takeAll(records: readonly ScannedRecord[], inspected: Inspected): WalkedEntry[] {
    const { origin, chain, leaves, types, calls, timesMs, evidence } = inspected
    this.#lost = false
    this.#origin = origin
    this.#prev = chain
    this.#expected += records.length
    this.#init.times.run('tree', () => this.#growAll(leaves))
    return records.map((record, at) => {
      const [type, tMs] = [types[at], timesMs[at]]
      if (type === undefined || tMs === undefined) throw new RangeError('an inspection of fewer entries')
      return new WalkedEntry({
        record,
        leaf: hashAt(leaves, at),
        origin,
        type,
        callId: calls[at],
        tMs,
        evidence: evidence[at],
      })
    })
  }

  /** To be called when `entries` has ended. */
  end(): WalkResult {
    const beyond = this.#roots.find(({ head }) => head.size > this.#expected)
    if (beyond !== undefined) this.#missing(beyond)
    if (this.#whole && this.#hashesRight && this.#hashesCompared < storedCount(this.#init.hashed)) {
      this.#hashFault(this.#hashesCompared, 'it is not stored')
    }
    this.#nameMismatch()
    const root = this.#whole ? encodeBase64url(this.#frontier.root()) : undefined
    return { size: this.#expected, origin: this.#origin, root, rootsChecked: this.#rootsChecked, torn: this.#torn }
  }

  #beginFile({ name, first }: RecordFile): void {
    if (first === this.#expected) return
    this.#fault('record_order', name, 0, this.#expected, `${name} begins where entry ${this.#expected} is expected`)
    if (first > this.#expected) this.#skipTo(first)
  }

  #record(record: ScannedRecord): WalkedEntry | undefined {
    const { file, offset, number, bytes } = record
    if (number < this.#expected) {
      this.#fault(
        'record_order',
        file,
        offset,
        number,
        `entry ${number} stands again behind entry ${this.#expected - 1}`,
      )
      return undefined
    }
    if (number > this.#expected) {
      if (!this.#lost) this.#gap(file, offset, number)
      this.#skipTo(number)
    }
    this.#lost = false
    const leaf = leafHash(bytes)
    const reading = readEntry(bytes)
    if (!reading.ok)
      this.#fault('entry_invalid', file, offset, number, `entry ${number} is no entry: ${reading.reason}`)
    else this.#checkPlace(reading.entry, file, offset)
    this.#prev = chainHash(bytes)
    this.#expected++
    this.#growAll(leaf)
    if (!reading.ok) return undefined
    const { origin, type, call_id: callId, t_ms: tMs } = reading.entry
    return new WalkedEntry({ record, leaf, origin, type, callId, tMs, evidence: undefined })
  }

  #gap(file: string, offset: number, number: number): void {
    const first = this.#expected
    const missing = number - 1 === first ? `entry ${first} is` : `entries ${first} to ${number - 1} are`
    this.#fault('record_order', file, offset, first, `${missing} missing`)
  }

  #checkPlace(entry: Entry, file: string, offset: number): void {
    const seq = this.#expected
    this.#origin ??= entry.origin
    if (entry.seq !== seq)
      this.#fault('record_order', file, offset, seq, `entry ${seq} says that it is entry ${entry.seq}`)
    if (entry.origin !== this.#origin)
      this.#fault('origin_changed', file, offset, seq, `entry ${seq} is of ${entry.origin}`)
    if (seq === 0 && entry.type !== 'log.opened')
      this.#fault('record_order', file, offset, seq, 'the log does not begin with log.opened')
    if (this.#prev !== undefined && entry.prev !== this.#prev) {
      this.#fault(
        'chain_broken',
        file,
        offset,
        seq,
        seq === 0 ? 'entry 0 follows another' : `entry ${seq} does not follow from entry ${seq - 1} as it is here`,
      )
    }
  }

  /** By leaf hashes that stand one behind the other, from one root that is claimed to the next. */
  #growAll(leaves: Uint8Array): void {
    let at = 0
    while (this.#whole && at < leaves.length) {
      const claimed = (this.#roots[0]?.head.size ?? Number.POSITIVE_INFINITY) - this.#frontier.size
      const end = claimed > 0 ? Math.min(leaves.length, at + claimed * HASH_BYTES) : leaves.length
      this.#grown.push(this.#frontier.grow(leaves.subarray(at, end)))
      at = end
      this.#checkRoots()
    }
  }

  #checkRoots(): void {
    while (this.#roots[0]?.head.size === this.#frontier.size) {
      const root = this.#roots.shift()
      if (root !== undefined) this.#checkRoot(root)
    }
  }

  #checkRoot({ head, file, offset, code, from }: ClaimedRoot): void {
    if (encodeBase64url(this.#frontier.root()) === head.root) {
      this.#rootsChecked++
      this.#matched = head.size
      return
    }
    this.#mismatch = { code, file, offset, from, first: this.#matched, end: head.size }
    // Every later root differs for the same reason.
    this.#whole = false
  }

  /** A root says only between which checkpoints an entry was changed; what else was found wrong there says which. */
  #nameMismatch(): void {
    if (this.#mismatch === undefined) return
    const { code, file, offset, from, first, end } = this.#mismatch
    const seq = Math.min(...this.#named.filter((named) => named >= first && named < end), end)
    const text = `entries ${first} to ${end - 1} are not those that ${from} covers`
    this.#fault(code, file, offset, seq === end ? first : seq, text)
  }

  /** The log is shorter than something that was signed or remembered. */
  #missing({ head, file, offset, from }: ClaimedRoot): void {
    const seq = this.#expected
    if (this.#torn !== undefined) {
      const text = `entry ${seq} cannot be read, and ${from} covers ${head.size} entries`
      this.#fault('record_damaged', this.#torn.file, this.#torn.offset, seq, text)
      this.#torn = undefined
      return
    }
    this.#fault('log_truncated', file, offset, seq, `the log ends at ${seq} entries, ${from} covers ${head.size}`)
  }

  async #compareHashes(): Promise<void> {
    const { directory, hashed } = this.#init
    const from = this.#hashesCompared
    const grown = Buffer.concat(this.#grown).subarray(0, (storedCount(hashed) - from) * HASH_BYTES)
    this.#grown = []
    if (grown.length === 0 || !this.#hashesRight) return
    const stored = asBuffer(await directory.read(HASHES_FILE, from * HASH_BYTES, from * HASH_BYTES + grown.length))
    if (!grown.equals(stored)) {
      this.#hashFault(from + firstDifferent(grown, stored), 'it is another than the one that was stored')
    }
    this.#hashesCompared += grown.length / HASH_BYTES
  }

  #hashFault(at: number, what: string): void {
    this.#hashesRight = false
    const seq = leafOfStored(at)
    this.#fault('hash_mismatch', HASHES_FILE, at * HASH_BYTES, seq, `hash of the tree at entry ${seq}: ${what}`)
  }

  #damage({ file, offset, resumesAt }: Damage, last: boolean): void {
    if (last && resumesAt === undefined) {
      this.#torn = { file, offset }
      return
    }
    const seq = this.#expected
    this.#fault('record_damaged', file, offset, seq, `entry ${seq} cannot be read at byte ${offset} of ${file}`)
    this.#skipTo(seq)
    // What is lost may be more than one entry; the number of the next record tells.
    this.#lost = true
  }

  #skipTo(seq: number): void {
    this.#expected = seq
    this.#prev = undefined
    this.#whole = false
  }

  #fault(code: LogFaultCode, file: string, offset: number, seq: number, text: string): void {
    this.#init.faults.add({ code, file, offset, seq, text })
    if (this.#named.length < MAX_NAMED) this.#named.push(seq)
  }
}

/** The first of the expected hashes that does not stand there. */
function firstDifferent(expected: Buffer, stored: Buffer): number {
  let at = 0
  while (hashAt(stored, at).length === HASH_BYTES && sameHash(hashAt(expected, at), hashAt(stored, at))) at++
  return at
}
