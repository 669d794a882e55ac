/**
 * What the holder of a log's key can do to it: write it anew, entry by entry, with every number, time, link, hash and
 * signature as they have to be. Nothing in the new directory by itself tells it from a log that was always so.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Entry, EntryDraft } from '@hansa/protocols'
import { readSecretFile } from '@hansa/trust'
import { fileLogDisk, noteKey, openLedger, readEntries } from '@hansa/trust/ledger'
import type { NodeProcess } from '../../harness/node-process.ts'

/** @returns the entry as it is to be; undefined to leave it out */
export type Edit = (entry: Entry) => Entry | undefined

export async function rewriteLog(node: NodeProcess, directory: string, edit: Edit): Promise<void> {
  await mkdir(directory, { recursive: true })
  const entries = await edited(node, edit)
  const [first, ...rest] = entries
  if (first === undefined) throw new RangeError('a log without its first entry')
  let now = first.t_ms
  const clock: Clock = { now: () => now, after: () => () => {} }
  const key = noteKey(first.origin, await readSecretFile(join(node.home, 'keys/log.key'), 'log-ed25519'))
  await using ledger = await openLedger({
    disk: fileLogDisk(directory),
    origin: first.origin,
    key,
    clock,
    ...(first.ext === undefined ? {} : { opening: first.ext }),
    limits: { reserveBytes: 0 },
    onFatal: (error) => {
      throw error
    },
  })
  for (const entry of rest) {
    now = entry.t_ms
    await ledger.append(draftOf(entry)).durable
  }
}

async function edited(node: NodeProcess, edit: Edit): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const { entry } of readEntries(fileLogDisk(node.logDirectory))) {
    const kept = edit(entry)
    if (kept !== undefined) entries.push(kept)
  }
  return entries
}

function draftOf({ v: _v, origin: _origin, seq: _seq, t_ms: _t, prev: _prev, ...draft }: Entry): EntryDraft {
  return draft
}
