import { exchangePaths } from '@hansa/protocols'
import { LedgerError, type LogDisk, type MemoryLogDisk, verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const tenants = (from: number, count: number) => Array.from({ length: count }, (_, at) => `TENANT:t${from + at}`)

async function outcomesOf(mesh: TwoOrgs, name: 'alice' | 'bob') {
  const entries = await entriesOf(mesh, name)
  const begun = entries.filter(({ type }) => ['call.begun', 'intent.sent', 'intent.accepted'].includes(type))
  const ended = entries.filter(({ type }) => type === 'outcome' || type === 'receipt.received')
  return { begun, ended, openCalls: begun.filter(({ call_id }) => !ended.some((one) => one.call_id === call_id)) }
}

describe('every call has exactly one outcome entry', () => {
  it.each([
    ['half a character', '\ud800'],
    ['control characters', '\u0000\u001b[2J\u202e'],
  ])('also when the driver fails with %s', async (_what, text) => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ id: 'breaks', safety: 'READ', output: {} }, () => {
      throw new Error(text)
    })
    await mesh.join('alice', 'bob')
    expect(await refusal(mesh.kernel('alice').invoke('bob/breaks', {}))).toMatchObject({ code: 'internal' })
    expect(await outcomesOf(mesh, 'bob')).toMatchObject({ ended: [{ ext: { status: 'failed' } }], openCalls: [] })
  })

  it('also when a text of the driver is cut in the middle of a character', async () => {
    await using mesh = await twoOrgs()
    const limits = { calls_per_minute: 1_000 }
    await mesh.kernel('bob').register({ id: 'breaks', safety: 'READ', limits, output: {} }, (args) => {
      throw new Error('x'.repeat((args as { at: number }).at) + '😀'.repeat(9))
    })
    for (let at = 470; at < 515; at++) {
      const call = mesh.kernel('bob').invoke('breaks', { at }, { principal: 'agent:x' })
      expect(await outcomeOf(call)).toBe('internal')
    }
    expect(await outcomesOf(mesh, 'bob')).toMatchObject({ openCalls: [] })
  })

  it.each(['NOT A REF', '../../etc/passwd', 'x'.repeat(70_000), 'bob/', '\ud800', ''])(
    'also when the capability is none (%#)',
    async (capability) => {
      await using mesh = await twoOrgs()
      expect(await outcomeOf(mesh.kernel('alice').invoke(capability, {}))).toBe('invalid_request')
      const { ended } = await outcomesOf(mesh, 'alice')
      expect(ended).toMatchObject([{ ext: { code: 'invalid_request', stage: 'receive' } }])
    },
  )

  it('also when a peer sends as many labels as an intent holds, and ours come on top', async () => {
    await using mesh = await twoOrgs()
    const ran: unknown[] = []
    await mesh
      .kernel('bob')
      .register({ id: 'labelled', safety: 'WRITE', sensitivity: ['PII'], output: {} }, (args) => ran.push(args))
    const rogue = await RoguePeer.open(mesh, 'bob')
    const answer = await rogue.call({ cap: 'labelled', labels: tenants(0, 32), args: {} })
    expect(answer.receipt).toMatchObject({ status: expect.stringMatching(/outcome_unknown|denied/) })
    const { begun, ended, openCalls } = await outcomesOf(mesh, 'bob')
    expect(openCalls).toEqual([])
    expect(ended).toHaveLength(1)
    expect(ran.length).toBe(begun.length)
  })

  it('also when more rules permit it than an entry can name', async () => {
    const rules = Array.from({ length: 80 }, (_, at) => allow(`rule-${at}`, 'agent:*', '*'))
    await using mesh = await twoOrgs({ alice: { rules } })
    await mesh.kernel('alice').register({ id: 'local', safety: 'READ' }, () => 'ok')
    expect(await outcomeOf(mesh.kernel('alice').invoke('local', {}))).toBe('released')
    expect(await outcomesOf(mesh, 'alice')).toMatchObject({ ended: [{ ext: { status: 'ok' } }], openCalls: [] })
  })

  it('and what the log cannot name is not handed out', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ id: 'many', safety: 'WRITE', sensitivity: tenants(0, 32), output: {} }, () => ({
      mail: 'ada@example.com',
    }))
    const call = mesh.kernel('bob').invoke('many', {}, { principal: 'agent:x', idempotencyKey: 'k' })
    expect(await refusal(call)).toMatchObject({ code: expect.stringMatching(/policy_denied|firewall_blocked/) })
    expect((await outcomesOf(mesh, 'bob')).openCalls).toEqual([])
  })
})

/** A disk that is full from the moment a test says so. */
function fillable(): { wrap(disk: MemoryLogDisk): LogDisk; fill(): void } {
  let filled = false
  return {
    fill() {
      filled = true
    },
    wrap: (disk) =>
      new Proxy(disk, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          if (name !== 'open') return member.bind(target)
          return async (file: string) => {
            const opened = await target.open(file)
            return {
              append: (bytes: Uint8Array) => {
                if (filled) throw new LedgerError({ code: 'log_full' })
                return opened.append(bytes)
              },
              close: opened.close.bind(opened),
              datasync: opened.datasync.bind(opened),
            }
          }
        },
      }),
  }
}

describe('a log that takes nothing any more', () => {
  it('does not let a stranger end the process by being refused', async () => {
    const disk = fillable()
    await using mesh = await twoOrgs({ bob: { wrapDisk: disk.wrap } })
    await mesh.join('alice', 'bob')
    disk.fill()
    const stranger = mesh.network.transport('stranger')
    const send = () =>
      stranger.send({
        endpoint: mesh.endpoint('bob'),
        path: exchangePaths.call,
        method: 'POST',
        body: new Uint8Array(9),
        maxReplyBytes: 10_000,
      })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).not.toBe('released')
    await send()
    // The counter writes by a timer, where nobody would catch what the log throws.
    await mesh.advance({ minutes: 3 })
    expect((await send()).status).toBe(400)
    expect(mesh.notes).toEqual([])
    await mesh.stop('bob')
    await mesh.advance({ minutes: 3 })
  })
})

describe('the entries of a hostile day', () => {
  it('verify clean, whatever was sent', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const rogue = await RoguePeer.open(mesh, 'bob')
    await rogue.call({ cap: 'nothing.here' })
    await rogue.call({ cap_hash: 'A'.repeat(43) })
    await rogue.call({ sentArgs: { text: 'other' } })
    await rogue.call({ hops: [mesh.kernel('bob').did] })
    await rogue.call({ prf: ['A'.repeat(43)] })
    await rogue.call({ args: { text: '\u202eevil\u0000' } })
    await rogue.call({ args: { nothing: 1 } })
    await rogue.call({ labels: tenants(0, 32), args: { text: 'ada@example.com 078-05-1120' } })
    await rogue.call({ deadline_ms: 1, ttl_hops: 0, purpose: '😀'.repeat(100) })
    await mesh.kernel('alice').invoke('bob/echo', { text: 'still here' })
    await mesh.advance({ seconds: 90 })
    for (const name of ['alice', 'bob'] as const) {
      const { verdict, faults } = await verifyLog(mesh.disk(name), { vkey: mesh.kernel(name).ledger.vkey })
      expect({ verdict, faults }).toEqual({ verdict: 'clean', faults: [] })
    }
    expect(mesh.errors('bob')).toEqual([])
  })
})
