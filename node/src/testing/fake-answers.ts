/** What the kernel of a fake node answers with, whatever it is asked. */
import {
  type AgentCard,
  type Approval,
  type CapabilityDetail,
  type Did,
  type Explanation,
  type Frame,
  type HeldChainInfo,
  type IdentityKeys,
  InputRequired,
  type IssuerInfo,
  type KnownPeer,
  type MeshStatus,
  type PeerImport,
  type RevocationInfo,
  type SignedManifest,
  type SponsorInfo,
  type StandingExplanation,
  type StandingInfo,
} from '@hansa/protocols'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'

export const FAKE_DID = 'did:key:z6MkfakeNode'
export const PEER_DID = 'did:key:z6MkfakePeer'
export const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
export const HASH = 'A'.repeat(43)
export const ISSUER: IssuerInfo = {
  name: 'corp',
  kind: 'oidc',
  who: 'https://login.example',
  audience: FAKE_DID,
  algorithms: ['EdDSA'],
  principal: 'agent:corp-{sub}',
  keysFrom: 'https://login.example/.well-known/openid-configuration',
  keys: [],
}

export const REVOKED: RevocationInfo = {
  issuer: 'did:key:z6Mk',
  own: true,
  seq: 1,
  hash: 'A'.repeat(43),
  kind: 'principal',
  what: 'agent:alice',
  reason: '',
  made: 1,
  jws: 'a.b.c',
}

export const fakeMesh = (): MeshStatus => ({
  member: true,
  since: 1,
  neighbours: [{ did: PEER_DID, name: 'orgb', endpoint: 'http://127.0.0.1:1', named: true, heard: 2 }],
  kernels: 1,
  known: [
    {
      did: PEER_DID,
      name: 'orgb',
      endpoint: 'http://127.0.0.1:1',
      seq: 2,
      expires: 3,
      capabilities: 1,
      score: 720,
      tier: 'trusted',
      imports: ['orgb'],
    },
  ],
})

export const fakeKeys = (): IdentityKeys => ({ did: FAKE_DID, method: 'key', keys: [] })

export function fakeCard(url: string): AgentCard {
  return {
    name: 'fake',
    description: 'A node of a test',
    version: '0.1.0',
    supportedInterfaces: [{ url: `${url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'files.read', name: 'Read', description: 'Reads', tags: ['tool', 'READ'] }],
    signatures: [],
  }
}

export function detail(ref: string): CapabilityDetail {
  const facts = {
    kind: 'tool' as const,
    title: ref,
    description: '',
    safety: 'READ' as const,
    sensitivity: [],
    hash: HASH,
  }
  const rest = { tags: [], obligations: [], limits: {}, inputSchema: '{}', changes: [], rules: [] }
  return { ref, ...facts, state: 'available', source: 'hansa.yaml:3', ...rest }
}

export function sponsorInfo(): SponsorInfo {
  const facts = { sponsor: PEER_DID, agent: 'agent:reporter', purpose: 'monthly report' } as const
  return { id: HASH, state: 'valid', ...facts, nbf: 1, exp: 2, claim: 'a.b.c' }
}

export function heldChain(): HeldChainInfo {
  const facts = { owner: PEER_DID, issuer: PEER_DID, audience: FAKE_DID, usable: true, cmd: '/billing' } as const
  return { id: HASH, state: 'valid', source: 'added', ...facts, exp: 2, dep: 0, since: 1, links: [], chain: 'a.b.c' }
}

/** Of a newcomer of whom the log of the fake says nothing. */
export function aStandingInfo(): StandingInfo {
  return { did: PEER_DID, alias: 'orgb', score: 200, tier: 'probation', held: false }
}

export function aStanding(): StandingExplanation {
  return explainStanding(new EvidenceLog(), { by: FAKE_DID, of: PEER_DID, day: 20_000 })
}

export function knownPeer(did: Did): KnownPeer {
  const said = { clearance: [], sameOwner: false, standing: 200, by: 'person:olga', since: 1 }
  return { did, alias: 'orgb', source: 'operator', ...said, imports: ['orgb'] }
}

export function frame(capability: string, value: unknown): Frame {
  const audit = { origin: 'fake/log/1', index: 0 }
  return {
    callId: ID,
    capability,
    ...(value instanceof InputRequired ? { kind: 'input_required', value: value.requests } : { kind: 'data', value }),
    labels: [],
    untrusted: false,
    redactions: [],
    obligations: [],
    audit,
  }
}

export function explanation(capability: string): Explanation {
  const local = { effect: 'permit' as const, rules: ['all'], reason: 'a fake permits' }
  return { capability, safety: 'READ', decision: 'permit', local, obligations: [] }
}

export function approval(state: Approval['state'], approver?: string): Approval {
  const request = { id: ID, principal: 'agent:alice', capability: 'files.wipe', callId: ID, action: HASH }
  return { ...request, args: '{}', requested: 1, expires: 2, state, ...(approver !== undefined && { approver }) }
}

export function manifest(): SignedManifest {
  const policy = { version: 1, min_version: 1, hash: HASH }
  const logs = [{ origin: 'fake/log/1', vkey: 'fake' }]
  return {
    jws: 'a.b.c',
    hash: HASH,
    manifest: {
      v: 1,
      kernel_id: FAKE_DID,
      seq: 1,
      prev: null,
      iat: 1,
      exp: 2,
      endpoints: [],
      logs,
      policy,
      capabilities: [],
    },
  }
}

export function peerImport(): PeerImport {
  return {
    peer: PEER_DID,
    alias: 'orgb',
    trustPolicy: 'local_only',
    capabilities: ['orgb/echo'],
    refresh: () => Promise.reject(new Error('the control interface keeps no import')),
    unimport: () => Promise.reject(new Error('the control interface keeps no import')),
  }
}
