import { describe, expect, it } from 'vitest'
import { alice, bob } from '../testing/index.ts'
import { logExtent } from './log-extent.ts'
import { firstEntry, linkExt, linkOf, replayFrozenLog } from './log-link.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { type NoteKey, noteKey } from './note.ts'
import { aKernel, exchange, sourceOf, type TestKernel } from './testing/exchange.ts'
import { aDraft, codeOf, LOG_KEY, MALLORY_LOG_KEY, ORIGIN, openOn, writeLog } from './testing/fixture.ts'
import { verifyHistory } from './verify-history.ts'
import { verifyPair } from './verify-pair.ts'

const NEXT = 'b.example/hansa/log/2'
const nextKey = noteKey(NEXT, new Uint8Array(32).fill(2))

/** The part of a log that a backup of it would hold. */
async function copyOf(disk: MemoryLogDisk): Promise<MemoryLogDisk> {
  const extent = await logExtent(disk)
  const copy = memoryLogDisk(`copy of ${disk.label}`)
  for (const { name, bytes } of extent?.files ?? []) await copy.replace(name, await disk.read(name, 0, bytes))
  await copy.replace('checkpoint', Buffer.from(extent?.note ?? ''))
  return copy
}

/** Freezes a log and begins the one that follows it. */
async function successorOf(frozen: MemoryLogDisk, key: NoteKey, vkey: string): Promise<MemoryLogDisk> {
  const extent = await logExtent(frozen)
  if (extent === undefined) throw new Error('nothing was signed')
  const disk = memoryLogDisk(key.name)
  const opening = { ...linkExt({ previous: extent.checkpoint, vkey }), reason: 'restored' }
  const { ledger } = await openOn(disk, { origin: key.name, key, opening })
  await ledger.close()
  return disk
}

async function twoLogs(count = 5): Promise<{ frozen: MemoryLogDisk; disk: MemoryLogDisk }> {
  const frozen = memoryLogDisk('frozen')
  await writeLog(frozen, count)
  return { frozen, disk: await successorOf(frozen, nextKey, LOG_KEY.vkey) }
}

describe('the part of a log that its last checkpoint covers', () => {
  it('is a whole log, also while the ledger goes on', async () => {
    const disk = memoryLogDisk('log')
    const { ledger } = await openOn(disk, { limits: { segmentBytes: 2_000 } })
    for (let n = 0; n < 20; n++) await ledger.append(aDraft(n)).durable
    const head = await ledger.cut()
    for (let n = 20; n < 30; n++) await ledger.append(aDraft(n)).durable
    const copy = await copyOf(disk)
    const report = await verifyHistory(copy, { vkey: LOG_KEY.vkey, remembered: head })
    expect(report).toMatchObject({ verdict: 'clean', size: 21, root: head.root })
    await ledger.close()
  })

  it('is undefined where nothing was signed', async () => {
    expect(await logExtent(memoryLogDisk('empty'))).toBeUndefined()
  })
})

describe('a log and the one that was frozen before it', () => {
  it('are verified together, each with its own key', async () => {
    const { frozen, disk } = await twoLogs()
    const report = await verifyHistory(disk, { vkey: nextKey.vkey, frozen: [{ disk: frozen }] })
    expect(report).toMatchObject({
      verdict: 'clean',
      origin: NEXT,
      frozen: [{ verdict: 'clean', origin: ORIGIN, size: 6 }],
    })
  })

  it('say what was not checked when the frozen one is not there', async () => {
    const { disk } = await twoLogs()
    const { verdict, unchecked } = await verifyHistory(disk, { vkey: nextKey.vkey })
    expect([verdict, unchecked.join()]).toEqual([
      'clean',
      expect.stringContaining(`follows ${ORIGIN}, frozen at 6 entries`),
    ])
  })

  it('contradict each other when the frozen one went on', async () => {
    const { frozen, disk } = await twoLogs()
    await writeLog(frozen, 1)
    const report = await verifyHistory(disk, { frozen: [{ disk: frozen }] })
    expect(report).toMatchObject({ verdict: 'violation', exitCode: 1 })
    expect(report.frozen?.[0]?.faults.map(({ code }) => code)).toContain('link_broken')
  })

  it('contradict each other when mallory puts a log of another content, with the key of the same origin, in its place', async () => {
    const { disk } = await twoLogs()
    const other = memoryLogDisk('other')
    await writeLog(other, 5, { key: MALLORY_LOG_KEY })
    const report = await verifyHistory(disk, { frozen: [{ disk: other }] })
    expect(report.verdict).toBe('violation')
  })

  it('share the calls: one that began before and ended after is closed, and none ends twice', async () => {
    const frozen = memoryLogDisk('frozen')
    const { ledger } = await openOn(frozen)
    await ledger.append({ ...aDraft(1), type: 'call.begun' }).durable
    await ledger.append(aDraft(2)).durable
    await ledger.close()
    const disk = await successorOf(frozen, nextKey, LOG_KEY.vkey)
    const history = { frozen: [{ disk: frozen }] }
    expect((await verifyHistory(disk, history)).verdict).toBe('incomplete')
    const opened = await openOn(disk, { origin: NEXT, key: nextKey })
    await opened.ledger.append(aDraft(1)).durable
    expect((await verifyHistory(disk, history)).verdict).toBe('clean')
    await opened.ledger.append(aDraft(2)).durable
    await opened.ledger.close()
    expect(await verifyHistory(disk, history)).toMatchObject({
      verdict: 'violation',
      frozen: [{ faults: [{ code: 'call_malformed' }] }],
    })
  })
})

describe('a frozen log', () => {
  const linkTo = async (disk: MemoryLogDisk) => {
    const entry = await firstEntry(disk)
    const link = entry && linkOf(entry)
    if (link === undefined) throw new Error('there is no link')
    return link
  }

  it('is replayed whole, and in order', async () => {
    const { frozen, disk } = await twoLogs()
    const seen: number[] = []
    await replayFrozenLog(frozen, await linkTo(disk), ({ seq }) => seen.push(seq))
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('is not used when it goes on behind its end, when it is cut, and when another key signed it', async () => {
    const { frozen, disk } = await twoLogs()
    const link = await linkTo(disk)
    const replay = (log: MemoryLogDisk, over = {}) => codeOf(replayFrozenLog(log, { ...link, ...over }, () => {}))
    expect(await replay(frozen, { vkey: MALLORY_LOG_KEY.vkey })).toBe('log_foreign')
    const short = memoryLogDisk('short')
    await writeLog(short, 2)
    expect(await replay(short)).toBe('log_rolled_back')
    await writeLog(frozen, 1)
    expect(await replay(frozen)).toBe('log_rolled_back')
  })

  it('is named only by the first entry of a log', async () => {
    const { disk } = await twoLogs()
    const entry = await firstEntry(disk)
    expect(entry && linkOf({ ...entry, seq: 1 })).toBeUndefined()
  })
})

describe('two kernels, of which the serving one was restored', () => {
  async function restored(): Promise<{ a: TestKernel; frozen: MemoryLogDisk; b: TestKernel }> {
    const a = await aKernel(alice, 'a.example/hansa/log/1')
    const before = await aKernel(bob, ORIGIN)
    await exchange(a, before, 'before the backup')
    await before.ledger.cut()
    const frozen = await copyOf(before.disk)
    await exchange(a, before, 'lost')
    await before.ledger.close()
    const disk = await successorOf(frozen, nextKey, before.key.vkey)
    const { ledger } = await openOn(disk, { origin: NEXT, key: nextKey })
    const b = { signer: bob, key: nextKey, disk, ledger }
    await exchange(a, b, 'after the restore')
    await a.ledger.close()
    await ledger.close()
    return { a, frozen, b }
  }

  it('agree on what was before and after, and the loss is named and proven by the other side', async () => {
    const { a, frozen, b } = await restored()
    const report = await verifyPair(sourceOf(a), { ...sourceOf(b), frozen: [{ disk: frozen }] })
    expect(report.calls).toEqual({ ok: 3 })
    const codes = report.findings.map(({ code, severity, withoutProof }) => ({ code, severity, withoutProof }))
    expect(report.verdict).toBe('incomplete')
    expect(codes).toContainEqual({ code: 'lost_by_restore', severity: 'incomplete', withoutProof: 'b' })
    expect(codes.map(({ severity }) => severity)).not.toContain('violation')
  })

  it('do not agree when mallory drops a call that the frozen log held', async () => {
    const { a, b } = await restored()
    const other = await aKernel(bob, ORIGIN)
    for (let n = 0; n < 3; n++) await other.ledger.append(aDraft(n)).durable
    await other.ledger.close()
    const report = await verifyPair(sourceOf(a), { ...sourceOf(b), frozen: [{ disk: other.disk }] })
    expect(report.verdict).toBe('violation')
  })
})

it('an asking side that was restored is not taken for one that denies', async () => {
  const before = await aKernel(alice, ORIGIN)
  const b = await aKernel(bob, 'b.example/hansa/log/9')
  await exchange(before, b, 'before the backup')
  await before.ledger.cut()
  const frozen = await copyOf(before.disk)
  await exchange(before, b, 'lost')
  await before.ledger.close()
  await b.ledger.close()
  const disk = await successorOf(frozen, nextKey, before.key.vkey)
  const a = { disk, vkey: nextKey.vkey, did: alice.did, frozen: [{ disk: frozen }] }
  const report = await verifyPair(a, sourceOf(b))
  expect(report.verdict).toBe('incomplete')
  expect(report.findings.map(({ code, withoutProof }) => [code, withoutProof])).toEqual([
    ['lost_by_restore', 'a'],
    ['lost_by_restore', 'a'],
  ])
})
