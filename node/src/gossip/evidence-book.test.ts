import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EntryDraft, type LogFields, type Logger, memoryStore, type StoreChange } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { encodeBase64url, sha256 } from '@hansa/trust'
import { forkProof, formatCheckpoint, noteKey, readForkProof } from '@hansa/trust/ledger'
import { alice, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { evidenceFiles } from '../home/evidence-files.ts'
import { EvidenceBook, type KeepEvidence } from './evidence-book.ts'

const key = noteKey(`${mallory.did}/log/1`, sha256('log of mallory'))
const log = { origin: key.name, vkey: key.vkey }
const head = (size: number, root: string) => {
  const checkpoint = { origin: key.name, size, root: encodeBase64url(sha256(root)) }
  return { checkpoint, note: key.sign(formatCheckpoint(checkpoint)) }
}
const common = { log, by: alice.did, at: 1_800_000_000 }
const fork = forkProof({ ...common, small: head(7, 'one'), large: head(7, 'two'), claim: 'two_roots' })
const suspected = forkProof({ ...common, small: head(7, 'one'), large: head(9, 'two'), claim: 'unproven' })

async function book(keep?: KeepEvidence, store = memoryStore(), full = false) {
  const lines: [string, LogFields | undefined][] = []
  const entries: EntryDraft[] = []
  const barred: string[] = []
  const kinds: string[] = []
  const error = (event: string, fields?: LogFields) => void lines.push([event, fields])
  const logger: Logger = { debug() {}, info() {}, warn() {}, error }
  const events = {
    async record(draft: EntryDraft, changes: readonly StoreChange[]) {
      if (full) throw new Error('log_full')
      entries.push(draft)
      await store.apply([...changes])
    },
  }
  const clock = manualClock(1_800_000_000_000)
  const components = {
    self: alice.did,
    store,
    clock,
    logger,
    events,
    keep,
    barred: (peer: string) => void barred.push(peer),
    observer: { evidence: (kind: string) => void kinds.push(kind) },
  }
  return { book: await EvidenceBook.open(components), lines, entries, barred, kinds, store }
}

describe('evidence about a kernel', () => {
  it('ends what is open with it, and is in the log, in the store and in a file for others', async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'hansa-evidence-')), 'evidence')
    const { book: evidence, lines, entries, barred, store } = await book(evidenceFiles({ evidence: directory }))
    expect(evidence.bars(mallory.did)).toBeUndefined()
    await evidence.record(mallory.did, fork)
    expect(barred).toEqual([mallory.did])
    expect(evidence.bars(mallory.did)).toContain('two roots of one size')
    expect(entries).toMatchObject([{ type: 'peer.evidence', peer: mallory.did, ext: { checkpoint: { size: 7 } } }])
    const [name = ''] = await readdir(directory)
    expect(readForkProof(await readFile(join(directory, name)))).toEqual(fork)
    expect([(await stat(directory)).mode & 0o777, (await stat(join(directory, name))).mode & 0o777]).toEqual([
      0o700, 0o600,
    ])
    expect(lines).toMatchObject([['peer.forked', { peer: mallory.did, file: join(directory, name) }]])
    expect((await book(undefined, store)).book.bars(mallory.did)).toBeDefined()
  })

  it('counts once, and more only when a fork is proven that was suspected', async () => {
    const { book: evidence, entries, kinds } = await book()
    await evidence.record(mallory.did, suspected)
    await evidence.record(mallory.did, suspected)
    await evidence.record(mallory.did, fork)
    await evidence.record(mallory.did, suspected)
    expect(entries.map(({ ext }) => ext?.reason?.split(':')[0])).toEqual(['fork_suspected', 'fork'])
    expect(kinds).toEqual(['fork_suspected', 'fork'])
    expect(evidence.list()).toEqual([{ peer: mallory.did, proof: fork }])
  })

  it('keeps the kernel out also when neither the file nor the log can be written, and says so', async () => {
    const { book: evidence, lines, barred } = await book(() => Promise.reject(new Error('ENOSPC')), memoryStore(), true)
    await evidence.record(mallory.did, fork)
    expect([barred, evidence.bars(mallory.did) === undefined]).toEqual([[mallory.did], false])
    expect(lines.map(([event]) => event)).toEqual(['peer.forked', 'peer.evidence_not_kept', 'peer.evidence_not_kept'])
  })

  it('does not keep out this kernel itself, whose key signs elsewhere', async () => {
    const { book: evidence, barred, kinds } = await book()
    await evidence.record(alice.did, fork)
    expect([kinds, barred, evidence.bars(alice.did), evidence.list().length]).toEqual([[], [], undefined, 1])
  })

  it('is lifted by an operator, and does not come back with a restart', async () => {
    const { book: evidence, store } = await book()
    await evidence.record(mallory.did, fork)
    await evidence.lift(mallory.did)
    expect(evidence.bars(mallory.did)).toBeUndefined()
    expect((await book(undefined, store)).book.bars(mallory.did)).toBeUndefined()
  })

  it('that cannot be read keeps the kernel from starting: nobody comes back by that', async () => {
    const store = memoryStore()
    await store.set('node.evidence', mallory.did, '{}')
    await expect(book(undefined, store)).rejects.toThrow(/cannot be read/)
  })
})
