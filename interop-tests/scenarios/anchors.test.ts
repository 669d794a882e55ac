/** Each side of a trade writes down what the other's log was: whoever rewrites a log contradicts somebody else's. */
import { sha256, signerFromSeed } from '@hansa/trust'
import { type MemoryLogDisk, memoryLogDisk, noteKey, openLedger, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const agent = { principal: 'agent:a' }
const write = (mesh: TwoOrgs) => outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, agent))
/** Also those that were kept when receipts were held to what they promise, which only the asking side does. */
const anchorsOf = async (mesh: TwoOrgs, name: 'alice' | 'bob') =>
  (await entriesOf(mesh, name, 'peer.checkpoint')).filter(({ ext }) => ext?.checkpoint !== undefined)

async function trading(): Promise<TwoOrgs> {
  const mesh = await twoOrgs()
  await mesh.kernel('alice').register({ id: 'ask', safety: 'READ' }, () => 'asked')
  await mesh.join('alice', 'bob')
  await mesh.join('bob', 'alice')
  return mesh
}

describe('two kernels that trade', () => {
  it('anchor each other ten minutes after a call, and not while nothing happens', async () => {
    await using mesh = await trading()
    await mesh.advance({ minutes: 30 })
    expect([await anchorsOf(mesh, 'alice'), await anchorsOf(mesh, 'bob')]).toEqual([[], []])
    await write(mesh)
    await mesh.advance({ minutes: 9 })
    expect(await anchorsOf(mesh, 'bob')).toEqual([])
    await mesh.advance({ minutes: 2 })
    const [ofBob, ofAlice] = [(await anchorsOf(mesh, 'alice')).at(-1), (await anchorsOf(mesh, 'bob')).at(-1)]
    const [outcome] = await entriesOf(mesh, 'bob', 'outcome')
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    expect(ofBob).toMatchObject({
      peer: mesh.kernel('bob').did,
      ext: { checkpoint: { origin: mesh.kernel('bob').ledger.origin } },
    })
    expect(ofBob?.ext?.checkpoint?.size).toBeGreaterThan(outcome?.seq ?? Number.POSITIVE_INFINITY)
    expect(ofAlice?.ext?.checkpoint?.size).toBeGreaterThan(received?.seq ?? Number.POSITIVE_INFINITY)
    const before = [(await anchorsOf(mesh, 'alice')).length, (await anchorsOf(mesh, 'bob')).length]
    await mesh.advance({ minutes: 40 })
    expect([(await anchorsOf(mesh, 'alice')).length, (await anchorsOf(mesh, 'bob')).length]).toEqual(before)
  })

  it('anchor each other after 64 calls, however soon', async () => {
    await using mesh = await trading()
    for (let n = 0; n < 63; n++) expect(await write(mesh)).toBe('released')
    await mesh.advance({ seconds: 4 })
    expect([await anchorsOf(mesh, 'alice'), await anchorsOf(mesh, 'bob')]).toEqual([[], []])
    await write(mesh)
    await mesh.advance({ seconds: 4 })
    expect((await anchorsOf(mesh, 'alice')).length).toBe(1)
    expect((await anchorsOf(mesh, 'bob')).length).toBe(1)
  })

  it('ask each other every five seconds at most, however many calls there are, and anchor the last of them too', async () => {
    await using mesh = await trading()
    let asked = 0
    mesh.network.intercept(({ path }) => {
      if (path === '/hansa/v1/heads') asked += 1
      return undefined
    })
    for (let n = 0; n < 3 * 64; n++) expect(await write(mesh)).toBe('released')
    expect(asked).toBe(0)
    await mesh.advance({ seconds: 1 })
    expect(asked).toBe(2)
    for (let n = 0; n < 2 * 64; n++) expect(await write(mesh)).toBe('released')
    await mesh.advance({ seconds: 3 })
    expect(asked).toBe(2)
    await mesh.advance({ seconds: 3 })
    expect(asked).toBe(4)
    const [last] = (await entriesOf(mesh, 'bob', 'outcome')).slice(-1)
    const covered = (await anchorsOf(mesh, 'alice')).at(-1)?.ext?.checkpoint?.size
    expect(covered).toBeGreaterThan(last?.seq ?? Number.POSITIVE_INFINITY)
  })

  it('ask again for what they were not told, and anchor it as soon as it is told', async () => {
    await using mesh = await trading()
    let isDeaf = true
    mesh.network.intercept(({ path }) => (isDeaf && path === '/hansa/v1/heads' ? { lose: 'request' } : undefined))
    await write(mesh)
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    const covered = async () => (await anchorsOf(mesh, 'bob')).at(-1)?.ext?.checkpoint?.size ?? 0
    await mesh.advance({ minutes: 13 })
    expect(await covered()).toBeLessThanOrEqual(received?.seq ?? 0)
    isDeaf = false
    await mesh.advance({ minutes: 4 })
    expect(await covered()).toBeGreaterThan(received?.seq ?? Number.POSITIVE_INFINITY)
  })

  it('anchor what the other showed in its handshake while it cannot be asked', async () => {
    await using mesh = await trading()
    await write(mesh)
    mesh.network.intercept(({ path }) => (path === '/hansa/v1/heads' ? { lose: 'request' } : undefined))
    await mesh.advance({ minutes: 12 })
    const [, ...later] = await anchorsOf(mesh, 'alice')
    expect(later).toEqual([])
    expect(await anchorsOf(mesh, 'bob')).toMatchObject([
      { ext: { checkpoint: { origin: mesh.kernel('alice').ledger.origin } } },
    ])
  })

  it('verify as a pair, anchors included', async () => {
    await using mesh = await trading()
    await write(mesh)
    await mesh.advance({ minutes: 12 })
    for (const name of ['alice', 'bob'] as const) await mesh.kernel(name).ledger.cut()
    const source = (name: 'alice' | 'bob') => ({
      disk: mesh.disk(name),
      vkey: mesh.kernel(name).ledger.vkey,
      did: mesh.kernel(name).did,
    })
    const report = await verifyPair(source('alice'), source('bob'))
    expect(report).toMatchObject({ verdict: 'consistent', calls: { ok: 1 }, findings: [] })
  })
})

describe('mallory, who has the key of the log of bob', () => {
  /** The same entries but for one that is left out, chained and signed anew from there on. */
  async function rewritten(mesh: TwoOrgs, leaveOut: number): Promise<MemoryLogDisk> {
    const key = (purpose: string) => sha256(`1 bob ${purpose}`)
    const { did } = signerFromSeed(key('identity'))
    const origin = `${did}/log/1`
    const disk = memoryLogDisk('rewritten')
    const { clock } = mesh
    const ledger = await openLedger({
      disk,
      origin,
      key: noteKey(origin, key('log')),
      clock,
      limits: { reserveBytes: 0 },
      onFatal() {},
    })
    for (const { v: _v, origin: _o, seq, t_ms: _t, prev: _p, ...draft } of await entriesOf(mesh, 'bob')) {
      if (seq > 0 && seq !== leaveOut) await ledger.append(draft).durable
    }
    await ledger.close()
    return disk
  }

  it('leaves an entry out and signs everything anew, and the anchor of alice contradicts it', async () => {
    await using mesh = await trading()
    const alone = await entriesOf(mesh, 'bob', 'policy.loaded')
    await write(mesh)
    await mesh.advance({ minutes: 12 })
    const bob = mesh.kernel('bob')
    const disk = await rewritten(mesh, alone[0]?.seq ?? 0)
    const alice = { disk: mesh.disk('alice'), vkey: mesh.kernel('alice').ledger.vkey, did: mesh.kernel('alice').did }
    const report = await verifyPair(alice, { disk, vkey: bob.ledger.vkey, did: bob.did })
    // By itself the rewritten log is without fault: its own key signed all of it.
    expect(report.b.log.faults).toEqual([])
    const found = report.findings.filter(({ code }) => code === 'checkpoint_contradicts')
    expect(found.map(({ severity }) => severity)).toContain('violation')
    const anchors = (await anchorsOf(mesh, 'alice')).map(({ seq }) => seq)
    expect(found.some(({ entries }) => entries.some(({ side, seq }) => side === 'a' && anchors.includes(seq)))).toBe(
      true,
    )
  })
})
