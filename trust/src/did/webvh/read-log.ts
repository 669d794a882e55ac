/** From the text of `did.jsonl` and `did-witness.json` to entries and proofs, each strict and bounded. */
import {
  type DataIntegrityProof,
  MAX_DID_LOG_BYTES,
  MAX_DID_LOG_ENTRIES,
  MAX_WITNESS_FILE_BYTES,
  type WebvhEntry,
  type WebvhWitnessFile,
  webvhEntrySchema,
  webvhWitnessFileSchema,
} from '@hansa/protocols'
import { parseStrictJson } from '../../json/parse-strict-json.ts'

export type LogReading = { ok: true; entries: WebvhEntry[] } | { ok: false; reason: string }

export function readWebvhLog(bytes: Uint8Array): LogReading {
  if (bytes.length > MAX_DID_LOG_BYTES) return { ok: false, reason: 'log_too_large' }
  const lines = linesOf(bytes)
  if (lines.length === 0) return { ok: false, reason: 'log_empty' }
  if (lines.length > MAX_DID_LOG_ENTRIES) return { ok: false, reason: 'log_too_long' }
  const entries: WebvhEntry[] = []
  for (const [at, line] of lines.entries()) {
    const parsed = parseStrictJson(line, 'object')
    if (!parsed.ok) return { ok: false, reason: `entry ${at + 1}: ${parsed.reason}` }
    const read = webvhEntrySchema.safeParse(parsed.value)
    if (!read.success) return { ok: false, reason: `entry ${at + 1}: ${issueOf(read.error)}` }
    entries.push(read.data)
  }
  return { ok: true, entries }
}

export type WitnessFileReading = { ok: true; proofs: WebvhWitnessFile } | { ok: false; reason: string }

export function readWitnessFile(bytes: Uint8Array): WitnessFileReading {
  if (bytes.length > MAX_WITNESS_FILE_BYTES) return { ok: false, reason: 'witness_file_too_large' }
  const parsed = parseStrictJson(bytes, 'object')
  if (!parsed.ok) return { ok: false, reason: `witness_file: ${parsed.reason}` }
  const read = webvhWitnessFileSchema.safeParse(parsed.value)
  return read.success ? { ok: true, proofs: read.data } : { ok: false, reason: `witness_file: ${issueOf(read.error)}` }
}

export function proofsOf({ proof }: WebvhEntry): readonly DataIntegrityProof[] {
  return Array.isArray(proof) ? proof : [proof]
}

const LINE_FEED = 0x0a

/** A line feed at the end ends the last line and begins none. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, start)
    const end = found < 0 ? bytes.length : found
    lines.push(bytes.subarray(start, end))
    start = end + 1
    if (lines.length > MAX_DID_LOG_ENTRIES) break
  }
  return lines
}

function issueOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0]
  return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`
}
