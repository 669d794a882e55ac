/** Two kernels, one of whose logs may only grow to a size: what is refused then, and what is still recorded. */
import { verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const logMaxBytes = 400_000
const limited = { bob: { logMaxBytes, logReserveBytes: 20_000 } }
const agent = { principal: 'agent:a' }

type Mesh = TwoOrgs & { ran: number }

/** Bob serves `quick`; `ran` counts how often it acted. */
async function limitedOrgs(): Promise<Mesh> {
  const mesh = Object.assign(await twoOrgs(limited), { ran: 0 })
  await serveQuick(mesh)
  return mesh
}

async function serveQuick(mesh: Mesh): Promise<void> {
  const quick = { id: 'quick', safety: 'READ', limits: { calls_per_minute: 1_000 }, output: {} } as const
  await mesh.kernel('bob').register(quick, () => {
    mesh.ran += 1
    return {}
  })
}

/** Calls of alice until bob takes no more. @returns how many he took. */
async function fill(mesh: Mesh): Promise<number> {
  for (let calls = 0; calls < 2_000; calls++) {
    mesh.clock.advance(10)
    const outcome = await outcomeOf(mesh.kernel('alice').invoke('bob/quick', {}, agent))
    if (outcome === 'released') continue
    expect(outcome).toBe('log_full')
    // The last acknowledgements are still on their way.
    await mesh.settle()
    return calls
  }
  throw new Error('the log is not full yet')
}

describe('a kernel whose log is at its limit', () => {
  it('takes no call, of a peer or of its own, and writes nothing about those it refuses', async () => {
    await using mesh = await limitedOrgs()
    await mesh.join('alice', 'bob')
    expect(await fill(mesh)).toBeGreaterThan(50)
    const bob = mesh.kernel('bob')
    const { size } = bob.ledger
    const { ran } = mesh
    for (let n = 0; n < 20; n++) {
      expect(await outcomeOf(bob.invoke('quick', {}, agent))).toBe('log_full')
      expect(await outcomeOf(mesh.kernel('alice').invoke('bob/quick', {}, agent))).toBe('log_full')
    }
    expect(mesh.lines('bob').filter(({ event }) => event === 'inbound.failed')).toEqual([])
    // The one entry says since when.
    expect(bob.ledger.size - size).toBeLessThanOrEqual(1)
    expect(mesh.ran).toBe(ran)
    expect(mesh.fatal('bob')).toBeUndefined()
  })

  it('records how a call ended that ran when it filled, what was acknowledged, and what was revoked', async () => {
    await using mesh = await limitedOrgs()
    const [bob, alice] = [mesh.kernel('bob'), mesh.kernel('alice')]
    const gate = Promise.withResolvers<void>()
    await bob.register({ id: 'slow', safety: 'WRITE', output: {} }, () => gate.promise.then(() => ({ done: true })))
    await mesh.join('alice', 'bob')
    const { token } = await bob.grant({ principal: 'agent:a', capability: 'echo' })
    const running = outcomeOf(alice.invoke('bob/slow', {}, { ...agent, deadlineMs: 600_000 }))
    await expect.poll(() => entriesOf(mesh, 'bob', 'intent.accepted')).toHaveLength(1)
    await fill(mesh)
    gate.resolve()
    expect(await running).toBe('released')
    await bob.revoke({ token })
    await mesh.advance({ seconds: 5 })
    const [intent] = await entriesOf(mesh, 'bob', 'intent.accepted')
    const ofCall = (await entriesOf(mesh, 'bob')).filter(({ call_id }) => call_id === intent?.call_id)
    expect(ofCall.map(({ type }) => type)).toEqual(['intent.accepted', 'outcome', 'ack.received'])
    expect(await entriesOf(mesh, 'bob', 'token.revoked')).toHaveLength(1)
    expect(await outcomeOf(bob.grant({ principal: 'agent:a', capability: 'echo' }))).toBe('log_full')
    expect(await entriesOf(mesh, 'bob', 'log.full')).toHaveLength(1)
  })

  it('can be read, says that it is full, and has told its operator in time', async () => {
    await using mesh = await limitedOrgs()
    await mesh.join('alice', 'bob')
    const bob = mesh.kernel('bob')
    expect((await bob.status()).log).toMatchObject({ full: false, maxBytes: logMaxBytes })
    for (let calls = 0; !bob.ledger.full; calls++) {
      await outcomeOf(mesh.kernel('alice').invoke('bob/quick', {}, agent))
      if (calls % 10 === 0) await mesh.advance({ seconds: 15 })
    }
    await mesh.advance({ seconds: 15 })
    expect((await bob.status()).log).toMatchObject({ full: true, used: 1 })
    expect((await bob.audit({ limit: 5 })).length).toBe(5)
    const said = mesh.lines('bob').filter(({ event }) => event.startsWith('log.'))
    expect(said.map(({ fields }) => fields.max_bytes)).toEqual(said.map(() => logMaxBytes))
    const events = said.map(({ event }) => event)
    expect([events[0], events.at(-1), events.filter((event) => event === 'log.full').length]).toEqual([
      'log.fills',
      'log.full',
      1,
    ])
  })

  it('starts again as it was, never holds more than it may, and both logs verify', async () => {
    await using mesh = await limitedOrgs()
    await mesh.join('alice', 'bob')
    await fill(mesh)
    await mesh.restart('bob')
    await serveQuick(mesh)
    expect(await outcomeOf(mesh.kernel('bob').invoke('quick', {}, agent))).toBe('log_full')
    await mesh.stop('bob')
    await mesh.stop('alice')
    expect(mesh.disk('bob').used).toBeLessThanOrEqual(logMaxBytes)
    const report = await verifyPair({ disk: mesh.disk('alice') }, { disk: mesh.disk('bob') })
    expect(report.findings).toEqual([])
  })
})
