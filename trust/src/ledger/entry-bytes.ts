/**
 * Between an entry and its bytes, which are its canonical JSON (RFC 8785) and one leaf of the log. There is exactly one
 * spelling of an entry: reading refuses every other.
 */
import { isUtf8 } from 'node:buffer'
import {
  type Entry,
  type EntryDraft,
  entrySchema,
  isDid,
  isPrincipal,
  MAX_ENTRY_BYTES,
  parseCapabilityRef,
} from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { canonicalWriter } from '../json/canonical-writer.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { textOfEnvelope } from '../signed/envelope-text.ts'
import { LedgerError } from './errors.ts'

/** `prev` of the first entry: 32 zero bytes. */
export const GENESIS = 'A'.repeat(43)

/** What the ledger adds to a draft. */
export type EntryPlace = { origin: string; seq: number; tMs: number; prev: string }

export type EntryReading = { ok: true; entry: Entry } | { ok: false; reason: string }

const refinements = { peer: isDid, actor: isPrincipal, cap: (ref: string) => parseCapabilityRef(ref) !== undefined }
/** The signed objects of the other side make up most of an entry, and were looked at when they came. */
const envelopes = { at: 'ext.envelope', text: textOfEnvelope }

const write = canonicalWriter(entrySchema, refinements, envelopes)

/**
 * Canonical JSON text of the entry that a draft becomes.
 * @throws LedgerError `entry_refused` when `readEntry` would refuse the result.
 */
export function entryText(draft: EntryDraft, place: EntryPlace): string {
  const entry = { ...draft, v: 1, origin: place.origin, seq: place.seq, t_ms: place.tMs, prev: place.prev }
  const text = write(entry)
  if (text === undefined) throw refused(misfit(entry))
  // `JSON.stringify` writes a lone surrogate as an escape that begins like this; well-formed text rarely holds it.
  if (text.includes('\\ud') && !canBeCanonical(JSON.parse(text))) throw refused('a string holds a lone surrogate')
  // A character is at least a byte, so the count of bytes is only taken where it can be decided by it.
  if (text.length * 3 > MAX_ENTRY_BYTES && Buffer.byteLength(text) > MAX_ENTRY_BYTES) {
    throw refused(`more than ${MAX_ENTRY_BYTES} bytes`)
  }
  return text
}

/**
 * Strict: SJ-1 (security.md B0.1), the schema, and the canonical form. Never throws.
 *
 * Bytes that equal what is written again from what was read have one meaning only: a member given twice, a number that
 * changes in reading or an escape that hides something would come out otherwise. So the parser of the platform will do
 * for the bytes that pass, and the strict one says what is wrong with the others.
 */
export function readEntry(bytes: Uint8Array): EntryReading {
  if (bytes.length > MAX_ENTRY_BYTES) return { ok: false, reason: 'too_large' }
  const entry = readOwnForm(bytes)
  return entry === undefined ? { ok: false, reason: whatIsWrong(bytes) } : { ok: true, entry }
}

function readOwnForm(bytes: Uint8Array): Entry | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  try {
    const entry: unknown = JSON.parse(text)
    if (write(entry) !== text) return undefined
    return text.includes('\\ud') && !canBeCanonical(entry) ? undefined : (entry as Entry)
  } catch {
    return undefined
  }
}

function whatIsWrong(bytes: Uint8Array): string {
  const parsed = parseStrictJson(bytes, 'object')
  if (!parsed.ok) return parsed.reason
  const entry = entrySchema.safeParse(parsed.value)
  return entry.success ? 'not_canonical' : describe(entry.error)
}

/** What the next entry names as `prev`. */
export function chainHash(bytes: Uint8Array): string {
  return taggedHash('chain', bytes)
}

function misfit(entry: unknown): string {
  const parsed = entrySchema.safeParse(entry)
  return parsed.success ? 'does not fit the schema of an entry' : describe(parsed.error)
}

function describe(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0]
  return `schema: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`
}

function canBeCanonical(value: unknown): boolean {
  try {
    canonicalJson(value)
    return true
  } catch {
    return false
  }
}

function refused(reason: string): LedgerError {
  return new LedgerError({ code: 'entry_refused', reason }, `The entry was not written: ${reason}`)
}
