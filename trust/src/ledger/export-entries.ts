/**
 * The entries of a log that concern one peer, each with its proof under the last signed checkpoint, as lines of an audit
 * export. Reads the directory twice, also while a ledger writes to it; the memory is 64 bytes per entry of the log.
 */
import type { AuditExportEnd, AuditExportEntry, AuditExportHeader, Did, UnixMs } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES, leafHash, sameHash } from '../merkle/hashing.ts'
import { TreeHashes } from '../merkle/tree-hashes.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { ConcerningPeer } from './concerning-peer.ts'
import { LedgerError } from './errors.ts'
import type { LogDirectory } from './log-disk.ts'
import { readEntries } from './read-entries.ts'
import { readCheckpointFile } from './signed-state.ts'

export type ExportEntriesInit = {
  /** Whose log it is. */
  kernel: Did
  peer: Did
  /** Verifier key of the log. */
  vkey: string
  /** First sequence number that is looked at. @default 0 */
  from?: number
  /** Compact JWS that names the key of the log. */
  manifest?: string
  /** Unix milliseconds. */
  now: UnixMs
  /** Entries read so far, of both passes, and how many there will be. */
  progress?(read: number, all: number): void
}

/**
 * @returns lines without their ends.
 * @throws LedgerError `log_missing` for a log without a signed checkpoint, `log_corrupt` where entry and checkpoint differ.
 */
export async function* exportEntries(directory: LogDirectory, init: ExportEntriesInit): AsyncGenerator<string> {
  const note = await readCheckpointFile(directory)
  const verdict = note === undefined ? undefined : verifyCheckpoint(note, init.vkey)
  if (note === undefined || verdict?.ok !== true) {
    throw new LedgerError(
      { code: 'log_missing', directory: directory.label },
      `${directory.label} holds no checkpoint that the key of the log signed; there is nothing to prove yet.`,
    )
  }
  const { checkpoint } = verdict
  const survey = await surveyed(directory, checkpoint.size, init)
  const root = decodeBase64url(checkpoint.root)
  if (root === undefined || !sameHash(root, survey.tree.root())) {
    throw new LedgerError(
      { code: 'log_corrupt', file: directory.label, offset: 0, seq: checkpoint.size },
      `The entries of ${directory.label} do not lead to its checkpoint of ${checkpoint.size} entries. Look with: hansa verify`,
    )
  }
  const header: AuditExportHeader = {
    v: 1,
    kind: 'hansa-audit-export',
    kernel: init.kernel,
    peer: init.peer,
    log: { origin: checkpoint.origin, vkey: init.vkey },
    checkpoint: note,
    from: survey.from,
    from_ms: survey.fromMs,
    through_ms: survey.throughMs,
    created: Math.floor(init.now / 1000),
    ...(init.manifest === undefined ? {} : { manifest: init.manifest }),
  }
  yield JSON.stringify(header)
  let entries = 0
  let seq = survey.from
  for await (const { entry, bytes } of readEntries(directory, survey.from, checkpoint.size)) {
    if (survey.concerning.has(entry)) {
      const line: AuditExportEntry = {
        seq,
        entry: encodeBase64url(bytes),
        path: survey.tree.path(seq).map(encodeBase64url),
      }
      entries++
      yield JSON.stringify(line)
    }
    seq++
    init.progress?.(checkpoint.size + seq, 2 * checkpoint.size)
  }
  const end: AuditExportEnd = { end: true, entries }
  yield JSON.stringify(end)
}

type Survey = { tree: TreeHashes; concerning: ConcerningPeer; from: number; fromMs: UnixMs; throughMs: UnixMs }

/** The first pass: every hash, and which calls concern the peer. */
async function surveyed(
  directory: LogDirectory,
  size: number,
  { peer, from: wanted = 0, progress }: ExportEntriesInit,
): Promise<Survey> {
  const from = Math.min(Math.max(0, wanted), size)
  const hashes = Buffer.alloc(size * HASH_BYTES)
  const concerning = new ConcerningPeer(peer)
  let [seq, fromMs, throughMs] = [0, 0, 0]
  for await (const { entry, bytes } of readEntries(directory, 0, size)) {
    hashes.set(leafHash(bytes), seq * HASH_BYTES)
    if (seq === from) fromMs = entry.t_ms
    throughMs = entry.t_ms
    concerning.note(entry)
    seq++
    progress?.(seq, 2 * size)
  }
  // Behind the last entry nothing was looked at, so of the time before it nothing is said.
  if (from >= seq) fromMs = throughMs
  return { tree: new TreeHashes(hashes.subarray(0, seq * HASH_BYTES)), concerning, from, fromMs, throughMs }
}
