/**
 * Reads a log on from where it was verified before, up to a checkpoint, verifying all of it: also while a ledger writes
 * to it. Nothing is changed.
 */
import type { Entry } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import { EntryChain } from './entry-chain.ts'
import { LedgerError } from './errors.ts'
import { Frontier } from './frontier.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import { parseVkey } from './note.ts'
import { corrupt, type RecordPosition, recordFileName, recordFiles, scanFile } from './record-files.ts'
import { readSignedState, type SignedCheckpoint } from './signed-state.ts'
import { type OpenPrefix, openPrefix, type VerifiedPrefix } from './verified-prefix.ts'

/** Entries between two pauses: a few milliseconds of work. */
const SLICE = 128

export type FollowLogInit = {
  directory: LogDirectory
  vkey: string
  /** Where to go on. @default the beginning of the log */
  after?: VerifiedPrefix
  /** Where to end. @default the last checkpoint on the disk */
  until?: VerifiedPrefix
  replay?(entry: Entry): void
  /** Lets other work go on in between. */
  pause?(): Promise<void>
}

/**
 * @returns the longer prefix; undefined when no checkpoint is beyond `after`, or `after` or `until` does not fit.
 * @throws LedgerError `log_corrupt`, `log_foreign`, `log_rolled_back`.
 */
export async function followLog(init: FollowLogInit): Promise<VerifiedPrefix | undefined> {
  const { directory } = init
  const parsed = parseVkey(init.vkey)
  if (!parsed.ok) throw new RangeError(`not a verifier key: ${parsed.reason}`)
  const { verifier } = parsed
  const from = init.after === undefined ? 'beginning' : await openPrefix(directory, verifier, init.after)
  if (from === undefined) return undefined
  const start = from === 'beginning' ? undefined : from
  const target =
    init.until === undefined ? (await readSignedState(directory, verifier)).checkpoints.at(-1) : await ofPrefix()
  if (target === undefined || target.head.size <= (start?.head.size ?? 0)) return undefined
  const { last, frontier } = await walk(init, verifier.name, start, target)
  return { note: target.note, last, peaks: frontier.peaks().map(encodeBase64url) }

  async function ofPrefix(): Promise<SignedCheckpoint | undefined> {
    const { until } = init
    const opened = until && (await openPrefix(directory, verifier, until))
    return until && opened && { head: opened.head, note: until.note }
  }
}

async function walk(
  { directory, replay, pause }: FollowLogInit,
  origin: string,
  start: OpenPrefix | undefined,
  { head }: SignedCheckpoint,
): Promise<{ last: RecordPosition; frontier: Frontier }> {
  const frontier = start?.frontier ?? new Frontier()
  const chain = new EntryChain(origin, start && { size: start.head.size, prev: start.prev })
  const first = start?.end ?? { file: recordFileName(ENTRIES, 0), offset: 0 }
  let last: RecordPosition = first
  for (const file of await recordFiles(directory, ENTRIES)) {
    if (file.name < first.file) continue
    const from = file.name === first.file ? first.offset : 0
    for await (const { records } of scanFile(directory, file, from)) {
      for (const record of records.slice(0, head.size - chain.size)) {
        const entry = chain.take(record)
        frontier.append(leafHash(record.bytes))
        replay?.(entry)
        last = { file: record.file, offset: record.offset }
        if (chain.size % SLICE === 0) await pause?.()
      }
      if (chain.size === head.size) return checked(frontier, head.root, last, head.size)
    }
  }
  throw corrupt(last.file, last.offset, chain.size)
}

function checked(frontier: Frontier, root: string, last: RecordPosition, size: number) {
  if (encodeBase64url(frontier.root()) === root) return { last, frontier }
  throw new LedgerError(
    { code: 'log_rolled_back', size, signedSize: size },
    `The first ${size} entries of the log are not those that were signed.`,
  )
}
