import type { AuditExportEntry, AuditExportHeader, EntryDraft } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { carol } from '../testing/index.ts'
import { exportEntries } from './export-entries.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import {
  aKernel,
  closeBoth,
  type ExchangeInit,
  exchange,
  sourceOf,
  type TestKernel,
  twoKernels,
} from './testing/exchange.ts'
import { aDraft, codeOf, idOf } from './testing/fixture.ts'
import { verifyExport } from './verify-export.ts'
import { verifyExportPair } from './verify-export-pair.ts'

/** Ten minutes after the entries. */
const NOW = 1_800_000_600_000

async function exported(from: TestKernel, peer: TestKernel, over: { from?: number } = {}): Promise<string[]> {
  const lines: string[] = []
  const init = { kernel: from.signer.did, peer: peer.signer.did, vkey: from.key.vkey, now: NOW, ...over }
  for await (const line of exportEntries(from.disk, init)) lines.push(line)
  return lines
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

/** Alice asked bob twice, bob asked alice once; both also traded with carol, and bob has work of his own. */
async function threeKernels() {
  const { a, b } = await twoKernels()
  const c = await aKernel(carol, 'c.example/hansa/log/1')
  await exchange(a, b, 'one')
  await exchange(c, b, 'secret of carol')
  b.ledger.append(aDraft(1))
  await exchange(a, b, 'two')
  await exchange(b, a, 'three')
  await closeBoth({ a, b })
  await c.ledger.close()
  return { a, b, c }
}

const headerOf = (lines: readonly string[]) => JSON.parse(lines[0] ?? '') as AuditExportHeader
const entriesOf = (lines: readonly string[]) => lines.slice(1, -1).map((line) => JSON.parse(line) as AuditExportEntry)
const lineOf = (value: object) => JSON.stringify(value)

/** The entry of one call as one that has a list of calls instead. */
const naming =
  (name: string) =>
  ({ call_id: _, ...draft }: EntryDraft): EntryDraft => ({ ...draft, ext: { ...draft.ext, calls: [idOf(name)] } })

describe('an audit export', () => {
  it('holds every entry that concerns the peer, and verifies by itself and against the log of the peer', async () => {
    const { a, b } = await threeKernels()
    const lines = await exported(b, a)
    expect(await verifyExport(each(lines), { vkey: b.key.vkey })).toMatchObject({
      verdict: 'clean',
      exitCode: 0,
      kernel: b.signer.did,
      peer: a.signer.did,
      entries: 8,
      calls: 3,
      faults: [],
    })
    expect(await verifyExportPair(each(lines), sourceOf(a), { vkey: b.key.vkey })).toMatchObject({
      verdict: 'consistent',
      calls: { ok: 3 },
      findings: [],
    })
  })

  it('holds nothing of anybody else: no name, no call, no capability', async () => {
    const { a, b, c } = await threeKernels()
    const bytes = entriesOf(await exported(b, a)).map(({ entry }) => Buffer.from(entry, 'base64url').toString('utf8'))
    const all = `${lineOf(headerOf(await exported(b, a)))}${bytes.join('')}`
    for (const secret of [c.signer.did, c.ledger.origin, idOf('secret of carol'), idOf('call 1')]) {
      expect(all).not.toContain(secret)
    }
  })

  it('holds what is said without the name of the peer of a call that was acknowledged among others', async () => {
    const { a, b } = await twoKernels()
    // The entries that name the peer are in the log before this one.
    await exchange(a, b, 'one', { omit: ['accepted', 'outcome'], together: true })
    b.ledger.append({ type: 'content.erased', call_id: idOf('one'), ext: { count: 1 } })
    b.ledger.append({ type: 'content.erased', call_id: idOf('two'), ext: { count: 1 } })
    await closeBoth({ a, b })
    const { entries } = await verifyExport(each(await exported(b, a)))
    expect(entries).toBe(2)
  })

  it('from a later entry on holds what follows, and nothing before is held against it', async () => {
    const { a, b } = await threeKernels()
    const all = entriesOf(await exported(b, a))
    const from = all[3]?.seq ?? 0
    const later = await exported(b, a, { from })
    expect(entriesOf(later)).toEqual(all.slice(3))
    expect(await verifyExport(each(later), { vkey: b.key.vkey })).toMatchObject({ verdict: 'clean', entries: 5 })
  })

  it.each(['a', 'b'] as const)('accuses nobody of a call in whose middle it begins, of the log of %s', async (side) => {
    const kernels = await twoKernels()
    const { a, b } = kernels
    await exchange(a, b, 'one', { together: true })
    await closeBoth(kernels)
    const [own, other] = side === 'a' ? [a, b] : [b, a]
    for (let from = 0; from <= other.ledger.size; from++) {
      const lines = await exported(other, own, { from })
      expect(await verifyExportPair(each(lines), sourceOf(own), { vkey: other.key.vkey })).toMatchObject({
        findings: [],
      })
    }
  })

  it('from behind the last entry on speaks of no time, and nothing is held against it', async () => {
    const { a, b } = await threeKernels()
    const none = await exported(b, a, { from: 1_000 })
    expect(headerOf(none).from_ms).toBe(headerOf(none).through_ms)
    expect(await verifyExportPair(each(none), sourceOf(a), { vkey: b.key.vkey })).toMatchObject({ findings: [] })
  })

  it('says which calls are in another log of its kernel', async () => {
    const { a, b } = await twoKernels()
    const successor = await aKernel(b.signer, 'b.example/hansa/log/2')
    await exchange(a, b, 'one')
    await exchange(successor, a, 'two')
    await closeBoth({ a, b })
    await successor.ledger.close()
    const { verdict, unchecked } = await verifyExportPair(each(await exported(successor, a)), sourceOf(a))
    expect(verdict).not.toBe('violation')
    expect(unchecked.join()).toContain('b.example/hansa/log/1')
  })

  it('is not made of a log that has signed nothing', async () => {
    const { a, b } = await twoKernels()
    await closeBoth({ a, b })
    expect(await codeOf(exported({ ...b, disk: memoryLogDisk('empty') }, a))).toBe('log_missing')
    expect(await codeOf(exported({ ...b, key: a.key }, a))).toBe('log_missing')
  })

  it('says that whose log it is was not checked when no key was given', async () => {
    const { a, b } = await threeKernels()
    const { verdict, unchecked } = await verifyExport(each(await exported(b, a)))
    expect(verdict).toBe('clean')
    expect(unchecked.join()).toContain('No key was given')
  })
})

describe('mallory changes an export', () => {
  const change = (lines: string[], at: number, over: (value: AuditExportEntry) => object) =>
    lines.with(at, lineOf(over(JSON.parse(lines[at] ?? '') as AuditExportEntry)))
  const flipped = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)

  const attacks: [string, string, (lines: string[], other: string[]) => string[]][] = [
    [
      'a byte of an entry',
      'entry_invalid',
      (lines) => change(lines, 2, (one) => ({ ...one, entry: flipped(one.entry) })),
    ],
    [
      'a name in an entry',
      'proof_broken',
      (lines) =>
        change(lines, 1, (one) => {
          const text = Buffer.from(one.entry, 'base64url').toString('utf8').replace('"permit"', '"denied"')
          const changed = text.replace('"t_ms":1', '"t_ms":2')
          return { ...one, entry: Buffer.from(changed).toString('base64url') }
        }),
    ],
    ['a proof', 'proof_broken', (lines) => change(lines, 1, (one) => ({ ...one, path: one.path.map(flipped) }))],
    ['the place of an entry', 'entry_foreign', (lines) => change(lines, 1, (one) => ({ ...one, seq: one.seq + 1 }))],
    ['the order', 'order_broken', (lines) => [lines[0] ?? '', lines[2] ?? '', lines[1] ?? '', ...lines.slice(3)]],
    ['the end', 'export_truncated', (lines) => lines.slice(0, -1)],
    ['the number of entries', 'export_truncated', (lines) => lines.toSpliced(2, 1)],
    ['what stands behind the end', 'line_malformed', (lines) => [...lines, lines[1] ?? '']],
    [
      'the checkpoint for that of another log',
      'checkpoint_forged',
      (lines, other) => lines.with(0, lineOf({ ...headerOf(lines), checkpoint: headerOf(other).checkpoint })),
    ],
    [
      'the key for one of her own',
      'key_differs',
      (lines, other) =>
        lines.with(0, lineOf({ ...headerOf(lines), log: headerOf(other).log, checkpoint: headerOf(other).checkpoint })),
    ],
    ['the header for nonsense', 'header_missing', (lines) => lines.with(0, '{"v":1}')],
    ['a line for a member given twice', 'line_malformed', (lines) => lines.with(1, '{"seq":1,"seq":2}')],
  ]

  it.each(attacks)('in %s and it is found: %s', async (_what, code, attack) => {
    const { a, b } = await threeKernels()
    const report = await verifyExport(each(attack(await exported(b, a), await exported(a, b))), { vkey: b.key.vkey })
    expect(report).toMatchObject({ verdict: 'violation', exitCode: 1 })
    expect(report.faults.map((fault) => fault.code)).toContain(code)
  })

  it('by leaving out a call that the peer has a receipt for, and the log of the peer shows it', async () => {
    const { a, b } = await threeKernels()
    const lines = await exported(b, a)
    const [header = '', ...rest] = lines
    const kept = rest.slice(0, -1).filter((line) => {
      const { entry } = JSON.parse(line) as AuditExportEntry
      return !Buffer.from(entry, 'base64url').toString('utf8').includes(idOf('two'))
    })
    const without = [header, ...kept, lineOf({ end: true, entries: kept.length })]
    expect(await verifyExport(each(without), { vkey: b.key.vkey })).toMatchObject({ verdict: 'clean' })
    const report = await verifyExportPair(each(without), sourceOf(a), { vkey: b.key.vkey })
    expect(report.verdict).toBe('violation')
    expect(report.findings).toMatchObject([{ code: 'inclusion_broken', callId: idOf('two'), blamed: 'b' }])
  })

  it('by leaving out one entry of a call', async () => {
    const { a, b } = await threeKernels()
    const lines = await exported(b, a)
    const entries = lines.slice(1, -1).filter((line) => {
      const text = Buffer.from((JSON.parse(line) as AuditExportEntry).entry, 'base64url').toString('utf8')
      return !(text.includes(idOf('one')) && text.includes('"intent.accepted"'))
    })
    const without = [lines[0] ?? '', ...entries, lineOf({ end: true, entries: entries.length })]
    const report = await verifyExportPair(each(without), sourceOf(a), { vkey: b.key.vkey })
    expect(report.findings.map(({ code }) => code)).toContain('acceptance_missing')
  })

  it('by saying in its header that it begins behind every call, while it speaks of all the time', async () => {
    const { a, b } = await threeKernels()
    const header = { ...headerOf(await exported(b, a)), from: 1_000_000, from_ms: 0, through_ms: NOW }
    const forged = [lineOf(header), lineOf({ end: true, entries: 0 })]
    const report = await verifyExportPair(each(forged), sourceOf(a), { vkey: b.key.vkey })
    expect(report).toMatchObject({ verdict: 'violation', exitCode: 1 })
    expect(report.exported.faults.map(({ code }) => code)).toEqual(['header_contradicts'])
  })

  it('by beginning behind the calls that she leaves out, while it speaks of the time before', async () => {
    const { a, b } = await threeKernels()
    const all = await exported(b, a)
    const kept = entriesOf(all).filter(({ entry }) => Buffer.from(entry, 'base64url').includes(idOf('three')))
    const header = { ...headerOf(all), from: kept[0]?.seq, from_ms: 0, through_ms: NOW }
    const forged = [header, ...kept, { end: true, entries: kept.length }].map(lineOf)
    const report = await verifyExportPair(each(forged), sourceOf(a), { vkey: b.key.vkey })
    expect(report).toMatchObject({ verdict: 'incomplete', exitCode: 2 })
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'outside_export', callId: idOf('two'), blamed: 'b' }),
    )
  })

  it('by showing an old checkpoint, under which the calls are not, as that of now', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one')
    await b.ledger.cut()
    const early = await exported(b, a)
    await exchange(a, b, 'two')
    await closeBoth({ a, b })
    const honest = await verifyExportPair(each(early), sourceOf(a), { vkey: b.key.vkey })
    expect(honest).toMatchObject({ verdict: 'consistent', findings: [] })
    const forged = early.with(0, lineOf({ ...headerOf(early), through_ms: NOW }))
    const report = await verifyExportPair(each(forged), sourceOf(a), { vkey: b.key.vkey })
    expect(report).toMatchObject({ verdict: 'incomplete', exitCode: 2 })
    expect(report.findings).toMatchObject([{ code: 'outside_export', callId: idOf('two'), blamed: 'b' }])
  })

  it.each<[string, ExchangeInit]>([
    ['the intent of another', { change: { accepted: naming('one') } }],
    ['the acknowledgement of another', { change: { ack: naming('one') } }],
  ])('by giving a call %s in a list of calls, and the peer is not blamed', async (_what, init) => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one')
    await exchange(a, b, 'two', init)
    await closeBoth({ a, b })
    const { findings } = await verifyExportPair(each(await exported(b, a)), sourceOf(a), { vkey: b.key.vkey })
    expect(findings.filter(({ blamed, severity }) => blamed === 'a' && severity === 'violation')).toEqual([])
  })

  it('by an entry from before the first one that she says she looked at', async () => {
    const { a, b } = await threeKernels()
    const lines = await exported(b, a)
    const forged = lines.with(0, lineOf({ ...headerOf(lines), from: entriesOf(lines)[3]?.seq ?? 0 }))
    const report = await verifyExport(each(forged), { vkey: b.key.vkey })
    expect(report.faults[0]).toMatchObject({ code: 'order_broken', line: 2 })
  })
})
