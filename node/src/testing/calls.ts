/** Calls at each of their stages, ordinary unless a test says otherwise. */
import type { OutboundSession } from '@hansa/mesh'
import type { Intent } from '@hansa/protocols'
import { commitTo, noObligations, type PolicyDecision } from '@hansa/trust'
import { alice, bob } from '@hansa/trust/testing'
import { compileSchema } from '../firewall/index.ts'
import type { Arrived, Begun, Caller, ImportedTarget, LocalTarget, Permitted, Received } from '../kernel/stages.ts'

const hash = 'A'.repeat(43)
const salt = new Uint8Array(32)
const args = Buffer.from('{}')

function anySchema() {
  const compiled = compileSchema('{}')
  if (!compiled.ok) throw new Error(compiled.reason)
  return compiled.check
}

export const anyCheck = anySchema()

export function aLocalTarget(over: Partial<LocalTarget> = {}): LocalTarget {
  return {
    kind: 'local',
    ref: 'echo',
    id: 'echo',
    hash,
    safety: 'READ',
    labels: [],
    obligations: [],
    idempotent: true,
    limits: {},
    input: anyCheck,
    output: anyCheck,
    driver: { invoke: async () => ({ kind: 'data', value: {} }), [Symbol.asyncDispose]: async () => {} },
    ...over,
  }
}

export function anImportedTarget(over: Partial<ImportedTarget> = {}): ImportedTarget {
  const { driver: _driver, ...facts } = aLocalTarget({ ref: 'bob/echo' })
  return {
    ...facts,
    kind: 'imported',
    peer: bob.did,
    alias: 'bob',
    endpoint: 'https://bob.example',
    trustPolicy: 'most_restrictive',
    logOrigins: [`${bob.did}/log/1`],
    clearance: [],
    declared: [],
    ...over,
  }
}

export function anIntent(over: Partial<Intent> = {}): Intent {
  return {
    v: 1,
    call_id: 'C'.repeat(22),
    sid: 'S'.repeat(22),
    ctr: 1,
    iss: alice.did,
    aud: bob.did,
    sub: hash,
    cap: 'echo',
    cap_hash: hash,
    args_c: commitTo(salt, args),
    labels: [],
    prf: [],
    hops: [alice.did],
    ttl_hops: 3,
    deadline_ms: 10_000,
    iat: 1_750_000_000,
    exp: 1_750_000_060,
    ...over,
  }
}

export function aPeerCaller(intent: Intent = anIntent()): Extract<Caller, { kind: 'peer' }> {
  const proof = { kid: alice.kid, size: 1, index: 0, path: [], sig: 'A'.repeat(86) }
  return {
    kind: 'peer',
    principal: `${intent.iss}#${intent.sub}`,
    did: intent.iss,
    aliases: [],
    intent,
    intentHash: hash,
    envelope: { payload: 'e30', proof },
  }
}

export function anArrivedCall(over: Partial<Arrived> = {}): Arrived {
  return {
    callId: 'C'.repeat(22),
    caller: { kind: 'own', principal: 'agent:a' },
    capability: 'echo',
    args,
    salt,
    argsCommitment: commitTo(salt, args),
    labels: [],
    accepts: [],
    approvals: [],
    startedMs: 1_750_000_000_000,
    deadlineMs: 1_750_000_010_000,
    hops: [],
    ttlHops: 4,
    ...over,
  }
}

export function aReceivedCall(over: Partial<Received> = {}): Received {
  const target = over.target ?? aLocalTarget()
  return { ...anArrivedCall({ capability: target.ref }), target, value: {}, ...over }
}

export const aPermit: PolicyDecision = {
  effect: 'permit',
  rules: ['all'],
  obligations: noObligations,
  limits: [],
  reason: 'permitted by all',
}

export function aPermittedCall(over: Partial<Permitted> = {}): Permitted {
  return { ...aReceivedCall(over), decision: aPermit, obligations: noObligations, ...over }
}

export function aBegunCall(over: Partial<Begun> = {}): Begun {
  const call = aPermittedCall(over)
  const input = { bytes: call.args, value: {}, salt, commitment: call.argsCommitment, labels: [] }
  return { ...call, token: () => 'hkt1.test', grant: {}, input, verdicts: [], begin: 1, ...over }
}

/** A session with a peer as far as calls look at it. @param at Unix seconds at which it was opened */
export function aSession(over: { sid?: string; peer?: OutboundSession['peer']; at?: number } = {}): OutboundSession {
  const { sid = 'S'.repeat(22), peer = bob.did, at = 1_750_000_000 } = over
  let ctr = 0
  const session = { sid, peer, renewAt: at + 720, facts: {}, nextCtr: () => ++ctr, isLive: () => true }
  return session as unknown as OutboundSession
}
