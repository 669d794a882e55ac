import { memoryStore, type Rule, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { noObligations, RateWindow } from '@hansa/trust'
import { alice, mallory } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { rulesAlone } from '../governance/call-authority.ts'
import { aLocalTarget, anImportedTarget, anIntent, aPeerCaller, aReceivedCall } from '../testing/calls.ts'
import { configuredStanding } from '../testing/configured-standing.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { ApprovalArguments } from './approval-arguments.ts'
import { ApprovalBook } from './approvals.ts'
import { InFlight } from './in-flight.ts'
import { PeerSettings } from './peer-settings.ts'
import { compileOrThrow, PolicyHolder } from './policy-holder.ts'
import { type PeerAnswer, type PolicyComponents, policyStage } from './policy-stage.ts'
import { isRefusal, type Received } from './stages.ts'

let clock: ManualClock
let ledger: FakeLedger
let asked: unknown[]

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  asked = []
})

const rule = (over: Partial<Rule> = {}): Rule => ({
  id: 'all',
  effect: 'allow',
  subject: '*',
  action: 'invoke',
  resource: '*',
  ...over,
})

function parts(rules: Rule[], over: Partial<PolicyComponents> = {}, answer?: PeerAnswer): PolicyComponents {
  const peers = new PeerSettings([{ did: alice.did, alias: 'orga', standing: 700 }])
  return {
    clock,
    policy: new PolicyHolder(compileOrThrow([{ name: 'test', rules }]), 1),
    peers,
    standing: configuredStanding(over.peers ?? peers),
    authority: rulesAlone,
    approvals: new ApprovalBook({
      clock,
      append: ledger.append,
      args: new ApprovalArguments({ store: memoryStore(), logger: silentLogger }),
    }),
    rates: new RateWindow(),
    inFlight: new InFlight({ perPrincipal: 2, perPeer: 3 }),
    askPeer: async (...of) => {
      asked.push(of)
      return answer ?? { effect: 'unreachable', reason: 'a test says so' }
    },
    ...over,
  }
}

const codeOf = async (components: PolicyComponents, call: Received) => {
  const verdict = await policyStage(components)(call)
  return isRefusal(verdict) ? verdict.refused : 'permitted'
}

describe('who is meant', () => {
  const byPeer = (did: string) =>
    aReceivedCall({ caller: { ...aPeerCaller(), did: did as never, aliases: did === alice.did ? ['orga'] : [] } })
  it.each([
    ['an agent', 'agent:a', aReceivedCall(), 'permitted'],
    ['another agent', 'agent:b', aReceivedCall(), 'policy_denied'],
    ['a peer by its DID', alice.did, byPeer(alice.did), 'permitted'],
    ['a peer by the alias that the operator gave it', 'peer:orga', byPeer(alice.did), 'permitted'],
    ['mallory under the alias of another', 'peer:orga', byPeer(mallory.did), 'policy_denied'],
    ['a peer where agents are meant', 'agent:*', byPeer(alice.did), 'policy_denied'],
    [
      'a peer that calls its principal like an agent',
      'agent:a',
      aReceivedCall({ caller: aPeerCaller(anIntent({ obo: 'agent:a' })) }),
      'policy_denied',
    ],
    ['an agent where a peer is meant', 'peer:*', aReceivedCall(), 'policy_denied'],
  ])('%s', async (_what, subject, call, expected) => {
    expect(await codeOf(parts([rule({ subject })]), call)).toBe(expected)
  })

  it('has the standing of its configuration, and a stranger that of a newcomer', async () => {
    const components = parts([rule({ when: 'subject.standing >= 700' })])
    expect(await codeOf(components, byPeer(alice.did))).toBe('permitted')
    expect(await codeOf(components, byPeer(mallory.did))).toBe('policy_denied')
  })
})

describe('no rule, a deny and an error', () => {
  it.each([
    ['no rule', []],
    ['a deny beside an allow', [rule(), rule({ id: 'no', effect: 'deny' })]],
    ['a condition that cannot be decided', [rule({ when: 'args.missing == 1' })]],
    [
      'obligations that cannot both be met',
      [rule({ obligations: ['allowed_fields:a'] }), rule({ id: 'b', obligations: ['allowed_fields:b'] })],
    ],
    ['a purpose that is not the named one', [rule({ obligations: ['purpose:billing'] })]],
  ])('all refuse: %s', async (_what, rules) => {
    const components = parts(rules)
    expect(await codeOf(components, aReceivedCall())).toBe('policy_denied')
    expect(components.inFlight.size).toBe(0)
  })

  it('refuse for an obligation of the capability that is not understood', async () => {
    const target = aLocalTarget({ obligations: ['dance'] })
    expect(await codeOf(parts([rule()]), aReceivedCall({ target }))).toBe('policy_denied')
  })
})

describe('places and rates', () => {
  it('are not taken by a call that is refused for the other', async () => {
    const target = aLocalTarget({ limits: { calls_per_minute: 3, concurrent: 2 } })
    const components = parts([rule()])
    const codes = []
    for (let call = 0; call < 6; call++) codes.push(await codeOf(components, aReceivedCall({ target })))
    // The two that are inside were counted; those that found no place were not.
    expect(codes).toEqual(['permitted', 'permitted', 'busy', 'busy', 'busy', 'busy'])
    components.inFlight.leave({ principal: 'agent:a', capability: 'echo' })
    components.inFlight.leave({ principal: 'agent:a', capability: 'echo' })
    expect(await codeOf(components, aReceivedCall({ target }))).toBe('permitted')
    expect(await codeOf(components, aReceivedCall({ target }))).toBe('rate_limited')
    expect(components.inFlight.size).toBe(1)
  })

  it('count a peer as one, whatever pseudonyms it makes up', async () => {
    const target = aLocalTarget({ limits: { calls_per_minute: 2, concurrent: 100 } })
    const components = parts([rule()])
    const call = (at: number) => {
      const sub = Buffer.alloc(32, at).toString('base64url')
      return codeOf(components, aReceivedCall({ target, caller: aPeerCaller(anIntent({ sub })) }))
    }
    expect([await call(1), await call(2), await call(3)]).toEqual(['permitted', 'permitted', 'rate_limited'])
  })
})

describe('an approval', () => {
  const asking = [rule({ effect: 'require_approval' })]

  async function approved(components: PolicyComponents): Promise<string> {
    const refused = await policyStage(components)(aReceivedCall())
    const id = isRefusal(refused) ? (refused.approvalId ?? '') : ''
    await components.approvals.decide(id, 'granted', 'person:carla')
    return id
  }

  it('is asked for, and serves the action that was approved', async () => {
    const components = parts(asking)
    const id = await approved(components)
    expect(await codeOf(components, aReceivedCall({ approvals: [id] }))).toBe('permitted')
    expect(await codeOf(components, aReceivedCall({ approvals: [id] }))).toBe('approval_required')
  })

  it.each<[string, Partial<Received>]>([
    ['another argument byte', { args: Buffer.from('{ }') }],
    ['another principal', { caller: { kind: 'own', principal: 'agent:b' } }],
    ['another descriptor', { target: aLocalTarget({ hash: 'B'.repeat(43) }) }],
    ['another capability', { target: aLocalTarget({ ref: 'other', id: 'other' }) }],
  ])('does not serve %s', async (_what, over) => {
    const components = parts(asking)
    const id = await approved(components)
    expect(await codeOf(components, aReceivedCall({ approvals: [id], ...over }))).toBe('approval_required')
  })

  it('is given back when there is no place for the call', async () => {
    const components = parts(asking)
    const id = await approved(components)
    components.inFlight.enter({ principal: 'agent:a', capability: 'echo' })
    components.inFlight.enter({ principal: 'agent:a', capability: 'echo' })
    expect(await codeOf(components, aReceivedCall({ approvals: [id] }))).toBe('busy')
    components.inFlight.leave({ principal: 'agent:a', capability: 'echo' })
    expect(await codeOf(components, aReceivedCall({ approvals: [id] }))).toBe('permitted')
  })

  it('is busy, not a fault, when too many wait', async () => {
    const components = parts(asking)
    const codes = new Set<string>()
    for (let at = 0; at < 101; at++) codes.add(await codeOf(components, aReceivedCall({ args: Buffer.from(`${at}`) })))
    expect([...codes]).toEqual(['approval_required', 'busy'])
  })
})

describe('the question to the peer', () => {
  const target = anImportedTarget({ trustPolicy: 'remote_deferred' })
  const call = aReceivedCall({ target })

  it.each([
    ['is asked where no rule speaks', [], 1],
    ['is asked where a rule allows', [rule()], 1],
    ['is asked where a deny depends on it', [rule({ effect: 'deny', when: 'remote.effect == "none"' })], 1],
    ['is not asked where a rule denies anyhow', [rule(), rule({ id: 'no', effect: 'deny' })], 0],
    [
      'is not asked where the obligations cannot be met',
      [rule({ obligations: ['allowed_fields:a'] }), rule({ id: 'b', obligations: ['allowed_fields:b'] })],
      0,
    ],
  ])('%s', async (_what, rules, times) => {
    await codeOf(parts(rules), call)
    expect(asked).toHaveLength(times)
  })

  it('is asked under the obligations that the rules lay on the arguments', async () => {
    await codeOf(parts([rule({ obligations: ['redact:PII'] })]), call)
    expect(asked).toEqual([[call, target, { ...noObligations, redactLabels: ['PII'] }]])
  })

  it.each([
    ['unreachable', 'remote_refused'],
    ['invalid', 'remote_refused'],
  ] as const)('that is %s permits nothing', async (effect, code) => {
    expect(await codeOf(parts([rule()], {}, { effect, reason: '' }), call)).toBe(code)
  })
})
