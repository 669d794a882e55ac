import {
  type Acks,
  callFrameLimits,
  decodeFrames,
  type Envelope,
  type EnvelopeType,
  exchangePaths,
  replyFrameLimits,
  revealFrameLimits,
} from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { allow, echo, note, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

/** `calls`: how many it is about. */
type Statement = { typ: EnvelopeType; kid: string; sig: string; size: number; calls: number }

/** Every statement that was signed and sent, by either side. */
function statements(mesh: TwoOrgs): Statement[] {
  return mesh.network.tap.flatMap(({ path, body, reply }) => {
    if (path === exchangePaths.acks) return acknowledgements(JSON.parse(text(body)))
    if (path === exchangePaths.reveal) return first(body, revealFrameLimits, 'hansa-ack')
    if (path !== exchangePaths.call) return []
    return [
      ...first(body, callFrameLimits, 'hansa-intent'),
      ...first(reply?.body ?? new Uint8Array(), replyFrameLimits, 'hansa-receipt'),
    ]
  })
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

const statementOf =
  (typ: EnvelopeType) =>
  ({ payload, proof: { kid, sig, size } }: Envelope): Statement => {
    const { acks = [] } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Partial<Acks>
    return { typ, kid, sig, size, calls: Math.max(1, acks.length) }
  }

function acknowledgements(sent: Envelope | Envelope[]): Statement[] {
  return Array.isArray(sent) ? sent.map(statementOf('hansa-ack')) : [statementOf('hansa-acks')(sent)]
}

function first(body: Uint8Array, limits: readonly number[], typ: EnvelopeType): Statement[] {
  const [envelope] = decodeFrames(body, limits) ?? []
  return envelope === undefined ? [] : [statementOf(typ)(JSON.parse(text(envelope)))]
}

describe('under load, in both directions', () => {
  it('intents, receipts and acknowledgements of one kernel share signatures, whatever their type', async () => {
    const everyone = [allow('all', '*', '*')]
    await using mesh = await twoOrgs({ alice: { rules: everyone }, bob: { rules: everyone } })
    await mesh.kernel('alice').register(echo, (args) => args)
    await mesh.kernel('alice').register(note, () => ({ written: 1 }))
    await mesh.join('alice', 'bob')
    await mesh.join('bob', 'alice')
    // Reads take fewer steps than writes, so that callers soon are at different ones.
    const callers = (name: 'alice' | 'bob', peer: string) =>
      Array.from({ length: 12 }, async (_, caller) => {
        for (let call = 0; call < 4; call++) {
          const capability = (caller + call) % 3 === 0 ? 'note.write' : 'echo'
          await mesh.kernel(name).invoke(`${peer}/${capability}`, { text: 'x' }, { principal: `agent:${caller}` })
        }
      })
    await Promise.all([...callers('alice', 'bob'), ...callers('bob', 'alice')])
    await mesh.settle()

    const all = statements(mesh)
    const kinds = Map.groupBy(all, ({ typ }) => typ)
    const callsOf = (typ: EnvelopeType) => kinds.get(typ)?.reduce((sum, { calls }) => sum + calls, 0) ?? 0
    expect([callsOf('hansa-intent'), callsOf('hansa-receipt')]).toEqual([96, 96])
    expect(callsOf('hansa-ack') + callsOf('hansa-acks')).toBe(96)
    expect(kinds.get('hansa-acks')?.length).toBeGreaterThan(0)
    for (const name of ['alice', 'bob'] as const) {
      const own = all.filter(({ kid }) => kid.startsWith(`${mesh.kernel(name).did}#`))
      const batches = Map.groupBy(own, ({ sig }) => sig)
      // Six turns of the event loop to a signature: most statements share one.
      expect(batches.size).toBeLessThan(own.length / 3)
      const mixed = [...batches.values()].filter((batch) => new Set(batch.map(({ typ }) => typ)).size > 1)
      expect(mixed.length).toBeGreaterThan(0)
    }
  })

  it('and a call alone is signed as a batch of one, on both sides', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    expect(statements(mesh).map(({ typ, size }) => [typ, size])).toEqual([
      ['hansa-intent', 1],
      ['hansa-receipt', 1],
      ['hansa-ack', 1],
    ])
  })
})
