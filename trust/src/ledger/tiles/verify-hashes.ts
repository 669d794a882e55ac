/**
 * Verifies tiles of hashes without their entries, as a node shows them to whoever asks: that they are one tree, that the
 * key of the log signed its root, and that it extends what somebody remembers. What the entries say is not here.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { LedgerError } from '../errors.ts'
import { FaultList } from '../fault-list.ts'
import { parseVkey } from '../note.ts'
import { type LogReport, ledgerExitCodes } from '../report.ts'
import { type StoredCheckpoints, storedCheckpoints } from '../stored-checkpoints.ts'
import type { TlogPolicy } from '../tlog-policy.ts'
import { findQuorum, type QuorumFinding } from '../verify-quorum.ts'
import { checkTiles } from './check-tiles.ts'
import { hashesAt, rootOfEdge } from './tile-contents.ts'
import type { TileFiles } from './tile-files.ts'
import { hashesOfLevel, TILE_WIDTH, tileLevels } from './tile-path.ts'
import { tilesLog } from './tiles-log.ts'

export type VerifyHashesInit = {
  /** Verifier key of the log, from outside. Without it nobody is known to have signed. */
  vkey?: string
  /** A checkpoint that somebody kept. */
  remembered?: CheckpointReference
  /** Witnesses from outside, and which of them are a quorum. */
  witnesses?: TlogPolicy
}

/**
 * @returns a report that is `incomplete` at best, because no entry was read.
 * @throws LedgerError `log_missing` without a checkpoint; RangeError for a vkey that is none
 */
export async function verifyHashes(files: TileFiles, init: VerifyHashesInit = {}): Promise<LogReport> {
  const verdict = init.vkey === undefined ? undefined : parseVkey(init.vkey)
  if (verdict?.ok === false) throw new RangeError(`not a verifier key: ${verdict.reason}`)
  const faults = new FaultList()
  const log = tilesLog(files)
  const stored = await storedCheckpoints(log, verdict?.verifier, faults)
  if (stored.all.length === 0 && faults.count === 0) {
    const message = `There is no checkpoint in ${files.label}.`
    throw new LedgerError({ code: 'log_missing', directory: files.label }, message)
  }
  await faults.place(log.underlying)
  const remarks = [...stored.remarks, ...(await checkTiles(files, faults))]
  const head = stored.all.at(-1)?.head
  if (head !== undefined && init.remembered !== undefined) await checkRemembered(files, head, init.remembered, faults)
  const witnessed = findQuorum(stored, init.witnesses, faults)
  return report(files, init, { faults, stored, witnessed, remarks })
}

async function checkRemembered(
  files: TileFiles,
  head: CheckpointReference,
  remembered: CheckpointReference,
  faults: FaultList,
): Promise<void> {
  const from = `the remembered checkpoint of ${remembered.size} entries`
  const fault = (code: 'log_truncated' | 'history_rewritten', text: string) =>
    faults.add({ code, file: '', offset: 0, seq: Math.min(head.size, remembered.size), text })
  if (remembered.size > head.size) {
    fault('log_truncated', `the checkpoint covers ${head.size} entries, ${from} more`)
    return
  }
  const root = await rootOfFirst(files, remembered.size)
  // Where a tile is missing that was said already.
  if (root !== undefined && encodeBase64url(root) !== remembered.root) {
    fault('history_rewritten', `the first ${remembered.size} entries are not those that ${from} covers`)
  }
}

/** Of the first `size` leaves, read out of wider tiles; undefined when one of them cannot be read. */
async function rootOfFirst(files: TileFiles, size: number): Promise<Uint8Array | undefined> {
  const edge: Uint8Array[][] = []
  for (let level = 0; level < tileLevels(size); level++) {
    const count = hashesOfLevel(level, size)
    const width = count % TILE_WIDTH
    const index = (count - width) / TILE_WIDTH
    const hashes = width === 0 ? [] : await firstHashes(files, level, index, width)
    if (hashes === undefined) return undefined
    edge.push(hashes)
  }
  return rootOfEdge(edge)
}

/** Of the narrowest tile that is there and wide enough. */
async function firstHashes(files: TileFiles, level: number, index: number, needed: number) {
  for (let width = needed; width <= TILE_WIDTH; width++) {
    const hashes = await hashesAt(files, { kind: 'hashes', level, index, width })
    if (hashes !== undefined) return hashes.slice(0, needed)
  }
  return undefined
}

type Findings = { faults: FaultList; stored: StoredCheckpoints; witnessed: QuorumFinding; remarks: string[] }

function report(files: TileFiles, init: VerifyHashesInit, findings: Findings): LogReport {
  const { faults, stored, witnessed, remarks } = findings
  const checkpoint = stored.all.at(-1)?.head
  const verdict = faults.count > 0 ? 'violation' : 'incomplete'
  return {
    verdict,
    exitCode: ledgerExitCodes[verdict],
    label: files.label,
    ...(checkpoint === undefined ? {} : { origin: checkpoint.origin, checkpoint }),
    ...(checkpoint === undefined || faults.count > 0 ? {} : { root: checkpoint.root }),
    size: 0,
    checkpoints: faults.count > 0 ? 0 : 1,
    ...(witnessed.quorum === undefined ? {} : { quorum: witnessed.quorum }),
    evidence: 0,
    calls: { begun: 0, closed: 0, open: 0 },
    faults: faults.inOrder(),
    faultCount: faults.count,
    incomplete: ['Only hashes are here: what the entries say was not verified.', ...witnessed.incomplete],
    remarks,
    unchecked: [...witnessed.unchecked, ...whatIsUnchecked(init)],
  }
}

function whatIsUnchecked({ vkey, remembered }: VerifyHashesInit): string[] {
  const unchecked: string[] = []
  if (vkey === undefined) unchecked.push('No key of the log was given: who signed the checkpoint was not checked.')
  unchecked.push(
    remembered === undefined
      ? 'No remembered checkpoint was given: a log that was cut or rewritten by the holder of its key would not be noticed.'
      : `Only the first ${remembered.size} entries are known from outside: what follows may have been rewritten by the holder of the key.`,
  )
  return unchecked
}
