/**
 * Verifies an audit export offline: every entry under the signed checkpoint, every signature in it, and, with the log of
 * the side that was given it, that both tell the same of every call between the two.
 *
 * An export is a choice of entries. That nothing was left out shows only against the other log, and there it does: what
 * the receiver's log knows and the export lacks is named.
 */
import {
  type AuditExportHeader,
  auditExportEndSchema,
  auditExportEntrySchema,
  auditExportHeaderSchema,
  type CheckpointReference,
  callsOf,
  capabilityManifestSchema,
  type Did,
  MANIFEST_TYP,
  MAX_EXPORT_LINE_BYTES,
  MAX_MANIFEST_BYTES,
} from '@hansa/protocols'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { leafHash } from '../merkle/hashing.ts'
import { verifyInclusion } from '../merkle/inclusion.ts'
import { type EnvelopeVerifier, envelopeVerifier } from '../signed/envelope-verifier.ts'
import { verifyJws } from '../signed/jws.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { readEntry } from './entry-bytes.ts'
import { checkEvidence } from './evidence.ts'
import { addFacts, type LogFacts, noFacts } from './pair-facts.ts'
import { type LedgerExitCode, ledgerExitCodes } from './report.ts'

/** More tell nobody more. */
const MAX_FAULTS = 100

export type ExportFaultCode =
  | 'line_malformed'
  | 'header_missing'
  | 'key_differs'
  | 'checkpoint_forged'
  | 'header_contradicts'
  | 'entry_invalid'
  | 'entry_foreign'
  | 'order_broken'
  | 'proof_broken'
  | 'evidence_forged'
  | 'evidence_contradicts'
  | 'export_truncated'

/** `line` counts from 1. */
export type ExportFault = { code: ExportFaultCode; line: number; seq?: number; text: string }

export type ExportReport = {
  verdict: 'clean' | 'incomplete' | 'violation'
  exitCode: LedgerExitCode
  kernel?: Did
  peer?: Did
  origin?: string
  checkpoint?: CheckpointReference
  /** Entries whose proof holds. */
  entries: number
  /** Signatures of the other side, kept in entries, that were verified. */
  evidence: number
  /** Calls that entries are about. */
  calls: number
  /** Unix milliseconds: what the export speaks of. */
  fromMs?: number
  throughMs?: number
  faults: ExportFault[]
  faultCount: number
  unchecked: string[]
}

export type VerifyExportInit = {
  /** Verifier key of the log, from outside. */
  vkey?: string
  /** The kernel whose log it has to be. Its manifest in the export then names the key. */
  did?: Did
  resolver?: KeyResolver
}

export type ReadExport = { report: ExportReport; header: AuditExportHeader | undefined; facts: LogFacts }

/** @param lines without their ends. Never throws for anything in them. */
export async function readExport(lines: AsyncIterable<string>, init: VerifyExportInit = {}): Promise<ReadExport> {
  const reader = new ExportReader(init)
  for await (const line of lines) await reader.line(line)
  return reader.end()
}

/** Verifies an export by itself. */
export async function verifyExport(lines: AsyncIterable<string>, init: VerifyExportInit = {}): Promise<ExportReport> {
  return (await readExport(lines, init)).report
}

class ExportReader {
  readonly #init: VerifyExportInit
  readonly #resolver: KeyResolver
  readonly #verifier: EnvelopeVerifier
  readonly #facts = noFacts()
  readonly #calls = new Set<string>()
  readonly #faults: ExportFault[] = []
  readonly #unchecked: string[] = []
  #faultCount = 0
  #line = 0
  #header: AuditExportHeader | undefined
  #checkpoint: CheckpointReference | undefined
  #root: Uint8Array | undefined
  #seen = 0
  #proven = 0
  #evidence = 0
  #lastSeq = -1
  #ended: number | undefined

  constructor(init: VerifyExportInit) {
    this.#init = init
    this.#resolver = init.resolver ?? didKeyResolver()
    this.#verifier = envelopeVerifier({ resolver: this.#resolver })
  }

  async line(text: string): Promise<void> {
    this.#line++
    if (this.#line > 1 && this.#header === undefined) return
    const value = this.#parsed(text)
    if (value === undefined) return
    if (this.#line === 1) return this.#readHeader(value)
    if (this.#ended !== undefined) return this.#fault('line_malformed', 'something stands behind the last line')
    const end = auditExportEndSchema.safeParse(value)
    if (end.success) {
      this.#ended = end.data.entries
      return
    }
    await this.#readEntry(value)
  }

  end(): ReadExport {
    if (this.#header === undefined && this.#faultCount === 0) {
      this.#fault('header_missing', 'there is no header: this is no audit export')
    }
    if (this.#header !== undefined && this.#ended !== this.#seen) {
      const text =
        this.#ended === undefined
          ? 'the last line is missing: the export was cut off'
          : `the last line counts ${this.#ended} entries, and there are ${this.#seen}`
      this.#fault('export_truncated', text)
    }
    return { report: this.#report(), header: this.#header, facts: this.#facts }
  }

  #parsed(text: string): unknown {
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length > MAX_EXPORT_LINE_BYTES) return this.#fault('line_malformed', 'the line is too long')
    const parsed = parseStrictJson(bytes, 'payload')
    if (parsed.ok) return parsed.value
    return this.#fault(this.#line === 1 ? 'header_missing' : 'line_malformed', `not strict JSON: ${parsed.reason}`)
  }

  async #readHeader(value: unknown): Promise<void> {
    const header = auditExportHeaderSchema.safeParse(value)
    if (!header.success) return this.#fault('header_missing', 'the first line is not the header of an audit export')
    const { checkpoint, log, kernel } = header.data
    this.#header = header.data
    const verdict = verifyCheckpoint(checkpoint, log.vkey)
    if (!verdict.ok || verdict.checkpoint.origin !== log.origin) {
      return this.#fault('checkpoint_forged', `the checkpoint is not signed by ${log.vkey}`)
    }
    this.#checkpoint = verdict.checkpoint
    const { from } = header.data
    const { size } = verdict.checkpoint
    if (from > size) {
      this.#fault('header_contradicts', `it begins at entry ${from}, and its checkpoint is of ${size} entries`)
    }
    this.#root = decodeBase64url(verdict.checkpoint.root)
    if (this.#init.vkey !== undefined && this.#init.vkey !== log.vkey) {
      this.#fault('key_differs', `the log is signed by ${log.vkey}, and the key that was given is ${this.#init.vkey}`)
    }
    if (this.#init.did !== undefined && this.#init.did !== kernel) {
      this.#fault('key_differs', `the export is of ${kernel}, and not of ${this.#init.did}`)
    }
    await this.#checkManifest(header.data)
  }

  /** The kernel itself names the key of its log; an expired manifest still proves which. */
  async #checkManifest({ manifest, kernel, log }: AuditExportHeader): Promise<void> {
    if (manifest === undefined) {
      if (this.#init.vkey !== undefined) return
      this.#unchecked.push('No key was given and no manifest is in it: whose log this is was not checked.')
      return
    }
    const verdict = await verifyJws(manifest, {
      typ: MANIFEST_TYP,
      resolver: this.#resolver,
      maxBytes: MAX_MANIFEST_BYTES,
      purpose: 'assertionMethod',
      issuedAt: (payload) => payload.iat,
      issuerOf: (payload) => payload.kernel_id,
    })
    const read = verdict.ok ? capabilityManifestSchema.safeParse(verdict.payload) : undefined
    if (read?.success !== true || read.data.kernel_id !== kernel) {
      return this.#fault('key_differs', `the manifest in it is not one that ${kernel} signed`)
    }
    if (!read.data.logs.some(({ origin, vkey }) => origin === log.origin && vkey === log.vkey)) {
      return this.#fault('key_differs', `the manifest of ${kernel} does not name the key ${log.vkey}`)
    }
    if (this.#init.did === undefined && this.#init.vkey === undefined) {
      this.#unchecked.push(`No key was given: that ${kernel} is the kernel you mean was not checked.`)
    }
  }

  async #readEntry(value: unknown): Promise<void> {
    this.#seen++
    const line = auditExportEntrySchema.safeParse(value)
    if (!line.success) return this.#fault('line_malformed', 'the line is no entry with its proof')
    const { seq, entry: text, path } = line.data
    const from = this.#header?.from ?? 0
    if (seq < from) this.#fault('order_broken', `entry ${seq} stands before entry ${from}, the first one`, seq)
    if (seq <= this.#lastSeq) this.#fault('order_broken', `entry ${seq} stands behind entry ${this.#lastSeq}`, seq)
    this.#lastSeq = seq
    const bytes = decodeBase64url(text)
    const reading = bytes === undefined ? undefined : readEntry(bytes)
    if (bytes === undefined || reading?.ok !== true) {
      return this.#fault('entry_invalid', `entry ${seq} is no entry of a log`, seq)
    }
    const { entry } = reading
    if (entry.seq !== seq || entry.origin !== this.#header?.log.origin) {
      return this.#fault('entry_foreign', `entry ${seq} says that it is entry ${entry.seq} of ${entry.origin}`, seq)
    }
    const hash = leafHash(bytes)
    if (!this.#isProven(seq, hash, path)) {
      return this.#fault('proof_broken', `entry ${seq} is not under the checkpoint`, seq)
    }
    this.#proven++
    for (const call of callsOf(entry)) this.#calls.add(call)
    const verdict = await checkEvidence(entry, this.#verifier)
    if (verdict.kind === 'good' && !verdict.evidence.own) this.#evidence++
    if (verdict.kind === 'forged')
      this.#fault('evidence_forged', `the signature in entry ${seq} does not verify (${verdict.reason})`, seq)
    if (verdict.kind === 'contradicts')
      this.#fault('evidence_contradicts', `entry ${seq} contradicts the object in it: ${verdict.reason}`, seq)
    if (verdict.kind === 'unchecked')
      this.#unchecked.push(`Entry ${seq}: its signature was not checked (${verdict.reason}).`)
    if (verdict.kind === 'good' && verdict.doubt !== undefined) this.#unchecked.push(`Entry ${seq}: ${verdict.doubt}.`)
    addFacts(this.#facts, { seq, entry, leafHash: encodeBase64url(hash) }, verdict, false)
  }

  #isProven(index: number, hash: Uint8Array, path: readonly string[]): boolean {
    const siblings = path.map((one) => decodeBase64url(one))
    if (this.#checkpoint === undefined || this.#root === undefined || siblings.includes(undefined)) return false
    const proof = { index, size: this.#checkpoint.size, leafHash: hash, path: siblings as Uint8Array[] }
    return verifyInclusion({ ...proof, root: this.#root })
  }

  #fault(code: ExportFaultCode, text: string, seq?: number): undefined {
    this.#faultCount++
    if (this.#faults.length >= MAX_FAULTS) return
    this.#faults.push({ code, line: this.#line, ...(seq === undefined ? {} : { seq }), text })
  }

  #report(): ExportReport {
    const header = this.#header
    const verdict = this.#faultCount > 0 ? 'violation' : 'clean'
    return {
      verdict,
      exitCode: ledgerExitCodes[verdict],
      ...(header === undefined
        ? {}
        : {
            kernel: header.kernel,
            peer: header.peer,
            origin: header.log.origin,
            fromMs: header.from_ms,
            throughMs: header.through_ms,
          }),
      ...(this.#checkpoint === undefined ? {} : { checkpoint: this.#checkpoint }),
      entries: this.#proven,
      evidence: this.#evidence,
      calls: this.#calls.size,
      faults: this.#faults,
      faultCount: this.#faultCount,
      unchecked: [
        ...this.#unchecked.slice(0, 20),
        'An export is a choice of entries: what was left out shows only against the log of the other side.',
      ],
    }
  }
}
