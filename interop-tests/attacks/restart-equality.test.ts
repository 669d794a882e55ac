/**
 * What a kernel remembers is in its log. Random days of calls, run twice from the same seed: once with both kernels
 * restarted at the end, once without. Nothing that an agent, a peer or an operator can ask afterwards may tell the two
 * apart.
 */
import { callsOf, type Entry, type InvokeOptions } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { allow, serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

type Where = 'own' | 'remote'
type Act =
  | { act: 'call'; where: Where; text: string; key?: string }
  | { act: 'secret'; key?: string }
  | { act: 'approved'; where: Where; text: string }
  | { act: 'approve'; where: Where; verdict: 'approve' | 'deny' }
  | { act: 'grant'; uses: number }
  | { act: 'token'; which: number; bad: boolean }
  | { act: 'revoke'; which: number }
  | { act: 'bad'; where: Where }
  | { act: 'lose'; what: 'request' | 'reply'; text: string; key?: string }
  | { act: 'wait'; seconds: number }

const where = fc.constantFrom<Where>('own', 'remote')
const text = fc.constantFrom('a', 'b')
const key = fc.constantFrom('k1', 'k2')
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('call' as const), where, text, key }, { requiredKeys: ['act', 'where', 'text'] }),
  fc.record({ act: fc.constant('secret' as const), key }, { requiredKeys: ['act'] }),
  fc.record({ act: fc.constant('approved' as const), where, text }),
  fc.record({ act: fc.constant('approve' as const), where, verdict: fc.constantFrom('approve', 'approve', 'deny') }),
  fc.record({ act: fc.constant('grant' as const), uses: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ act: fc.constant('token' as const), which: fc.nat({ max: 2 }), bad: fc.boolean() }),
  fc.record({ act: fc.constant('revoke' as const), which: fc.nat({ max: 2 }) }),
  fc.record({ act: fc.constant('bad' as const), where }),
  fc.record(
    { act: fc.constant('lose' as const), what: fc.constantFrom('request', 'reply'), text, key },
    { requiredKeys: ['act', 'what', 'text'] },
  ),
  fc.record({ act: fc.constant('wait' as const), seconds: fc.constantFrom(1, 20, 61) }),
)

const limited = { limit: { calls: 6, per_seconds: 600 } }
const asking = { effect: 'require_approval' as const }

class Day {
  readonly mesh: TwoOrgs
  readonly tokens: string[] = []
  /** What was asked for, in order: ids are random, so two runs compare by place. */
  readonly approvals: { where: Where; id: string; text: string }[] = []

  static async begin(): Promise<Day> {
    const mesh = await twoOrgs({
      alice: { rules: [allow('all', 'agent:*', '*', limited)] },
      bob: { rules: [allow('all', '*', '*', limited), allow('ask', '*', 'asked', asking)] },
    })
    const day = new Day(mesh)
    await day.serve()
    await mesh.join('alice', 'bob')
    return day
  }

  constructor(mesh: TwoOrgs) {
    this.mesh = mesh
  }

  async serve(): Promise<void> {
    const input = { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false } as const
    await this.mesh.kernel('bob').register({ id: 'asked', safety: 'WRITE', input, output: {} }, () => ({}))
    await this.mesh
      .kernel('bob')
      .register({ id: 'leaky', safety: 'WRITE', output: {} }, () => ({ key: 'AKIAIOSFODNN7EXAMPLE' }))
  }

  invoke(where: Where, capability: string, args: unknown, options: InvokeOptions = {}) {
    return where === 'own'
      ? this.mesh.kernel('bob').invoke(capability, args, { principal: 'agent:own', ...options })
      : this.mesh.kernel('alice').invoke(`bob/${capability}`, args, options)
  }

  async run(act: Act): Promise<void> {
    switch (act.act) {
      case 'call':
        await outcomeOf(this.invoke(act.where, 'note.write', { text: act.text }, keyed(act.key)))
        break
      case 'secret':
        await outcomeOf(this.invoke('remote', 'leaky', {}, keyed(act.key)))
        break
      case 'approved':
        await this.#approved(act.where, act.text)
        break
      case 'approve':
        await this.#decide(act.where, act.verdict)
        break
      case 'grant':
        await this.#grant(act.uses)
        break
      case 'token':
        await this.useToken(act.which, act.bad ? { nonsense: 1 } : { text: 'x' })
        break
      case 'revoke':
        if (this.tokens[act.which] !== undefined)
          await this.mesh.kernel('bob').revoke({ token: this.tokens[act.which] ?? '' })
        break
      case 'bad':
        await outcomeOf(this.invoke(act.where, 'note.write', { nonsense: 1 }))
        break
      case 'lose':
        await this.#lose(act.what, act.text, act.key)
        break
      case 'wait':
        await this.mesh.advance({ seconds: act.seconds })
    }
    await this.mesh.settle()
  }

  useToken(which: number, args: unknown): Promise<string> {
    const token = this.tokens[which]
    return token === undefined
      ? Promise.resolve('none')
      : outcomeOf(this.mesh.kernel('bob').invoke('echo', args, { token }))
  }

  async #approved(where: Where, text: string): Promise<void> {
    const granted = this.approvals.filter((one) => one.where === where && one.text === text).map(({ id }) => id)
    const call = this.invoke(where, 'asked', { text }, granted.length === 0 ? {} : { approval: granted.slice(-1) })
    const { approvalId: id } = await refusal(call).catch(() => ({ approvalId: undefined }))
    if (id !== undefined && !this.approvals.some((one) => one.id === id)) this.approvals.push({ where, id, text })
  }

  async #decide(where: Where, verdict: 'approve' | 'deny'): Promise<void> {
    const last = this.approvals.findLast((one) => one.where === where)
    if (last !== undefined) await outcomeOf(this.mesh.kernel('bob')[verdict](last.id, 'person:carla'))
  }

  async #grant(uses: number): Promise<void> {
    if (this.tokens.length > 2) return
    const granted = await this.mesh
      .kernel('bob')
      .grant({ principal: 'agent:own', capability: 'echo', uses, life: 3000 })
    this.tokens.push(granted.token)
  }

  async #lose(what: 'request' | 'reply', text: string, key: string | undefined): Promise<void> {
    const stop = this.mesh.network.intercept(({ path }) => (path === '/hansa/v1/call' ? { lose: what } : undefined))
    const ended = outcomeOf(this.invoke('remote', 'note.write', { text }, keyed(key)))
    await this.mesh.settle()
    await this.mesh.advance({ seconds: 1 })
    stop()
    await ended
  }

  /** Everything that the two kernels would answer now, in a form that two runs share. */
  async answers(): Promise<unknown> {
    const bob = this.mesh.kernel('bob')
    const listed = await bob.approvals()
    const states = this.approvals.map(({ id }) => listed.find((one) => one.id === id)?.state)
    const notes = this.mesh.notes.length
    const keys = []
    for (const where of ['own', 'remote'] as const)
      for (const key of ['k1', 'k2'])
        for (const text of ['a', 'b'])
          keys.push(await outcomeOf(this.invoke(where, 'note.write', { text }, keyed(key))))
    const tokens = []
    for (let which = 0; which < this.tokens.length; which++)
      for (let use = 0; use < 3; use++) tokens.push(await this.useToken(which, { text: 'x' }))
    const uses = []
    for (const { where, id, text } of this.approvals)
      uses.push(await outcomeOf(this.invoke(where, 'asked', { text }, { approval: id })))
    const rates = []
    for (const where of ['own', 'remote'] as const)
      for (let call = 0; call < 7; call++) rates.push(await outcomeOf(this.invoke(where, 'echo', { text: 'x' })))
    await this.mesh.settle()
    const entries = await entriesOf(this.mesh, 'bob')
    // How many come together is by chance.
    const acks = entries.filter(({ type }) => ACKNOWLEDGEMENTS.has(type)).flatMap(callsOf).length
    return { states, notes, keys, tokens, uses, rates, after: this.mesh.notes.length, acks }
  }
}

const ACKNOWLEDGEMENTS: ReadonlySet<Entry['type']> = new Set(['ack.received', 'acks.received'])

const keyed = (key: string | undefined): InvokeOptions => (key === undefined ? {} : { idempotencyKey: key })

async function answersAfter(acts: readonly Act[], restart: boolean): Promise<unknown> {
  const day = await Day.begin()
  await using mesh = day.mesh
  for (const one of acts) await day.run(one)
  if (restart) {
    await mesh.restart('alice')
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    await day.serve()
  }
  return await day.answers()
}

describe('a restart', () => {
  it('changes nothing that anyone can ask, after any day', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 14 }), async (acts) => {
        expect(await answersAfter(acts, true)).toEqual(await answersAfter(acts, false))
      }),
      { numRuns: 15, seed: 7 },
    )
  }, 120_000)
})
