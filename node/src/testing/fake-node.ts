/**
 * The control interface over a kernel that only remembers and repeats: for testing the way to a kernel, not a kernel.
 * Nothing is decided, screened or logged.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AgentCard,
  type AgentInfo,
  type Approval,
  type ApprovalEvent,
  CallError,
  type CapabilityDetail,
  type CapabilityHandler,
  type CapabilityInfo,
  type Did,
  type DiscoveredPeer,
  type Explanation,
  type Frame,
  type HeldChainInfo,
  type IdentityKeys,
  InputRequired,
  type InvokeOptions,
  type IssuerInfo,
  type KnownPeer,
  type Logger,
  type MeshStatus,
  type PeerImport,
  type RevocationInfo,
  type Route,
  type SignedManifest,
  type SponsorInfo,
  type StandingExplanation,
  type StandingInfo,
  silentLogger,
} from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { newAgentCredential } from '@hansa/trust'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { TokenExchanging } from '../control/controlled-kernel.ts'
import {
  type ControlListen,
  type ControlledKernel,
  type ControlServer,
  controlServer,
  type NodeOperations,
} from '../control/index.ts'
import type { Mount } from '../control/mount.ts'
import type { OpenCapability } from '../kernel/open-capabilities.ts'
import { RecentLines } from '../operations/recent-lines.ts'
import { fakeAgreements } from './fake-agreements.ts'
import { fakeGovernance } from './fake-governance.ts'
import { fakePolicyChanges } from './fake-policy-changes.ts'
import { searchHit } from './search-hit.ts'

const REVOKED: RevocationInfo = {
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

export const FAKE_DID = 'did:key:z6MkfakeNode'
const PEER_DID = 'did:key:z6MkfakePeer'
const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const HASH = 'A'.repeat(43)
const ISSUER: IssuerInfo = {
  name: 'corp',
  kind: 'oidc',
  who: 'https://login.example',
  audience: FAKE_DID,
  algorithms: ['EdDSA'],
  principal: 'agent:corp-{sub}',
  keysFrom: 'https://login.example/.well-known/openid-configuration',
  keys: [],
}

export interface FakeKernel extends ControlledKernel {
  /** Every call that changed or asked something, as method and arguments. */
  readonly calls: unknown[][]
  /** Whoever is known by something else than a credential, by what they show. */
  readonly identities: Map<string, AgentIdentity>
  /** Who answers at the token endpoint. @default nobody */
  exchanges(by: TokenExchanging): void
  /** Handlers by capability; `register` and `offer` add to them. */
  readonly handlers: Map<string, CapabilityHandler>
  /** Whose each capability is that was offered and not withdrawn. */
  readonly owners: Map<string, string>
  /** What `capabilities` answers with. */
  readonly listed: CapabilityInfo[]
  /** What `open` answers with. */
  readonly opened: OpenCapability[]
  /** Who is found, wherever is looked. @default nobody */
  readonly found: DiscoveredPeer[]
  /** Why no two channels agree. @default they do */
  disagree?: CallError
  /** What is told to whoever watches approvals; the watch stays open then. */
  readonly watched: ApprovalEvent[]
}

export interface FakeNode extends ControlServer {
  readonly kernel: FakeKernel
  readonly clock: ManualClock
  /** What `hansa logs` shows. */
  readonly lines: RecentLines
  /** A directory of mode 0700 of its own. */
  readonly home: string
}

/** @param listen given the home directory. @default the Unix socket `control.sock` in it */
export async function fakeNode(
  listen: (home: string) => ControlListen = (home) => ({ kind: 'unix', path: join(home, 'control.sock') }),
  logger: Logger = silentLogger,
  mounts: (kernel: FakeKernel) => readonly Mount[] = () => [],
): Promise<FakeNode> {
  const home = await mkdtemp(join(tmpdir(), 'hansa-'))
  const kernel = fakeKernel()
  const clock = manualClock()
  const lines = new RecentLines()
  const server = await controlServer({
    kernel,
    node: { ...fakeOperations, logLines: (params, signal) => lines.readOrWait(params, clock, signal) },
    clock,
    logger,
    principal: 'agent:default',
    listen: listen(home),
    mounts: mounts(kernel),
  })
  return {
    kernel,
    clock,
    lines,
    home,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
    },
  }
}

export function fakeKernel(): FakeKernel {
  const calls: unknown[][] = []
  let exchanging: TokenExchanging | undefined
  const identities = new Map<string, AgentIdentity>()
  const handlers = new Map<string, CapabilityHandler>()
  const owners = new Map<string, string>()
  const listed: CapabilityInfo[] = []
  const opened: OpenCapability[] = []
  const found: DiscoveredPeer[] = []
  const watched: ApprovalEvent[] = [{ type: 'watching', at: 1, waiting: [] }]
  const agents = new Map<string, { info: AgentInfo; credential: string; removal: AbortController }>()
  const noted =
    <A extends unknown[], R>(name: string, act: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls.push([name, ...args])
      return act(...args)
    }
  const kernel: FakeKernel = {
    did: FAKE_DID,
    governance: fakeGovernance(calls),
    agreements: fakeAgreements(calls),
    mesh: {
      join: noted('joinMesh', fakeMesh),
      leave: noted('leaveMesh', () => ({ ...fakeMesh(), member: false, neighbours: [] })),
      status: noted('meshStatus', fakeMesh),
    },
    policyChanges: fakePolicyChanges(calls),
    calls,
    identities,
    exchanges(by) {
      exchanging = by
    },
    handlers,
    owners,
    listed,
    opened,
    watched,
    found,
    register: noted('register', (definition, handler) => {
      if (handlers.has(definition.id)) throw new CallError({ code: 'invalid_request' }, `${definition.id} is taken`)
      handlers.set(definition.id, handler)
      const unregister = async () => void handlers.delete(definition.id)
      return { capability: definition.id, unregister, [Symbol.asyncDispose]: unregister }
    }),
    offer: async (definition, handler, owner) => {
      calls.push(['offer', definition, handler, owner])
      const id = definition.id
      const before = owners.get(id)
      if (handlers.has(id)) throw new CallError({ code: 'invalid_request' }, `${id} is taken`)
      if (before !== undefined && before !== owner)
        throw new CallError({ code: 'invalid_request' }, `${id} belongs to ${before}`)
      handlers.set(id, handler)
      owners.set(id, owner)
      const leave = async () => void handlers.delete(id)
      const withdraw = async () => {
        handlers.delete(id)
        owners.delete(id)
      }
      return { capability: id, fresh: before === undefined, leave, withdraw }
    },
    standing: {
      list: noted('trustList', () => []),
      explain: noted('trustExplain', () => aStanding()),
      ask: noted('trustAsk', () => aStanding()),
      vouch: noted('vouch', () => aStanding()),
      unvouch: noted('unvouch', () => aStanding()),
      endorse: noted('endorse', () => aStandingInfo()),
      unendorse: noted('unendorse', () => aStandingInfo()),
    },
    forgetCapability: noted('forgetCapability', (id) => void owners.delete(id)),
    agents: noted('agents', () => [...agents.values()].map(({ info }) => info)),
    addAgent: noted('addAgent', ({ name, principal = `agent:${name}` }) => {
      const info = { name, principal, created: 1 }
      const credential = newAgentCredential()
      agents.set(name, { info, credential, removal: new AbortController() })
      return { ...info, credential }
    }),
    removeAgent: noted('removeAgent', (name) => {
      agents.get(name)?.removal.abort(new Error('the credential was taken away'))
      agents.delete(name)
    }),
    issuers: {
      list: () => {
        calls.push(['listIssuers'])
        return [ISSUER]
      },
      get exchange() {
        return exchanging
      },
      check: noted('checkIssuer', () => ({ ...ISSUER, refused: [] })),
    },
    async identifyAgent(shown) {
      const by = identities.get(shown)
      if (by !== undefined) return by
      const known = [...agents.values()].find(({ credential }) => credential === shown)
      if (known === undefined) return undefined
      const { info, removal } = known
      return { name: info.name, principal: info.principal, removed: removal.signal }
    },
    invoke: noted('invoke', async (ref, args, options: InvokeOptions = {}) => {
      const handler = handlers.get(ref)
      if (handler === undefined) throw new CallError({ code: 'not_found', denialId: ID, callId: ID, stage: 'receive' })
      const signal = options.signal ?? new AbortController().signal
      return frame(
        ref,
        await handler(args, {
          callId: ID,
          principal: options.principal ?? 'nobody',
          signal,
          accepts: options.accepts ?? [],
          note: options.onNote ?? (() => {}),
        }),
      )
    }),
    routing: {
      route: noted('routing.route', (capability): Route => ({ capability, steps: [], candidates: [] })),
    },
    explain: noted('explain', (ref): Explanation => explanation(ref)),
    advertise: noted('advertise', () => manifest()),
    discoverPeers: noted('discoverPeers', () => ({
      peers: [...found],
      faults: found.length > 0 ? [] : [{ source: 'x', code: 'not_found', reason: 'none' }],
    })),
    search: noted('search', () => ({ hits: [searchHit()], matches: 2, kernels: 3 })),
    importRemote: noted('importRemote', () => peerImport()),
    forgiveRegistry: noted('forgiveRegistry', (url) => ({ url, kind: 'rolled_back', reason: 'its log is shorter' })),
    importAgreed: noted('importAgreed', () => {
      if (kernel.disagree !== undefined) throw kernel.disagree
      return Object.assign(peerImport(), {
        agreed: [
          { channel: 'registry' as const, source: 'https://registry.example' },
          { channel: 'dht' as const, source: 'dht' },
        ],
      })
    }),
    refresh: noted('refresh', () => ({ fromSeq: 1, toSeq: 2, peer: 'unchanged', reasons: [], capabilities: [] })),
    unimport: noted('unimport', () => {}),
    status: async () => ({
      did: FAKE_DID,
      name: 'fake',
      endpoint: null,
      uptime: 1,
      log: { origin: 'fake/log/1', vkey: 'fake', size: 0, root: HASH, bytes: 0, full: false },
      policy: { version: 1, rules: 0 },
      capabilities: handlers.size,
      peers: 1,
      pendingApprovals: 0,
    }),
    capabilities: noted('capabilities', () => [...listed]),
    open: { to: noted('open.to', () => [...opened]), stamp: async () => opened.map(({ info }) => info.ref).join() },
    capability: noted('capability', (ref) => detail(ref)),
    peers: noted('peers', () => [
      {
        did: PEER_DID,
        alias: 'orgb',
        endpoint: 'http://127.0.0.1:1',
        trustPolicy: 'local_only',
        seq: 2,
        expires: 3,
        score: 720,
        tier: 'trusted',
        state: 'ok',
        capabilities: ['orgb/echo', 'orgb/new'],
      },
    ]),
    addPeer: noted('addPeer', ({ did }) => knownPeer(did)),
    removePeer: noted('removePeer', () => knownPeer(PEER_DID)),
    knownPeers: noted('knownPeers', () => [knownPeer(PEER_DID)]),
    approvals: noted('approvals', () => [approval('pending')]),
    async *watchApprovals(signal) {
      calls.push(['watchApprovals'])
      yield* watched
      await aborted(signal)
    },
    approve: noted('approve', (_id, approver) => approval('granted', approver)),
    deny: noted('deny', (_id, approver) => approval('denied', approver)),
    grant: noted('grant', () => ({ token: 'hkt1.fake', expires: 7 })),
    revoke: noted('revoke', () => REVOKED),
    revocations: noted('revocations', () => [REVOKED]),
    sponsors: {
      list: noted('sponsors', () => [sponsorInfo()]),
      sign: noted('sponsorSign', () => ({ claim: 'a.b.c' })),
      add: noted('sponsorAdd', () => sponsorInfo()),
      remove: noted('sponsorRemove', () => sponsorInfo()),
    },
    delegations: {
      list: noted('delegations', () => [heldChain()]),
      delegate: noted('delegate', () => heldChain()),
      add: noted('delegationAdd', () => heldChain()),
      remove: noted('delegationRemove', () => heldChain()),
    },
    content: noted('content', (callId) => ({ callId, origin: 'fake/log/1', parts: [] })),
    keptArguments: noted('keptArguments', () => []),
    eraseContent: noted('eraseContent', () => ({ records: 0, calls: 0, bytes: 0, stored: 0, entries: [] })),
    identity: {
      keys: noted('identity.keys', fakeKeys),
      rotate: noted('identity.rotate', fakeKeys),
      renew: noted('identity.renew', fakeKeys),
      revoke: noted('identity.revoke', fakeKeys),
    },
    snapshotState: noted('snapshotState', () => ({ path: '/nonexistent/state' })),
    audit: noted('audit', () => []),
    async [Symbol.asyncDispose]() {},
  }
  return kernel
}

const fakeMesh = (): MeshStatus => ({
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

const fakeKeys = (): IdentityKeys => ({ did: FAKE_DID, method: 'key', keys: [] })

/** A node whose policy has one rule, whenever it is read. */
export const fakeOperations: NodeOperations = {
  logLines: async ({ after = 0 }) => ({ lines: [], next: after, missed: 0 }),
  reloadPolicy: async () => ({ ok: true, version: 2, rules: 1 }),
  policyFaults: () => [],
  agentCard: async (agentsUrl) => ({ text: JSON.stringify(fakeCard(agentsUrl)) }),
  reload: async () => ({
    ok: true,
    added: [],
    removed: [],
    changed: ['files.read'],
    rules: 1,
    needsRestart: ['listen'],
  }),
  classify: async ({ capability, safety }) => ({ ...detail(capability), safety }),
}

function fakeCard(url: string): AgentCard {
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

function detail(ref: string): CapabilityDetail {
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

function sponsorInfo(): SponsorInfo {
  const facts = { sponsor: PEER_DID, agent: 'agent:reporter', purpose: 'monthly report' } as const
  return { id: HASH, state: 'valid', ...facts, nbf: 1, exp: 2, claim: 'a.b.c' }
}

function heldChain(): HeldChainInfo {
  const facts = { owner: PEER_DID, issuer: PEER_DID, audience: FAKE_DID, usable: true, cmd: '/billing' } as const
  return { id: HASH, state: 'valid', source: 'added', ...facts, exp: 2, dep: 0, since: 1, links: [], chain: 'a.b.c' }
}

/** Of a newcomer of whom the log of the fake says nothing. */
function aStandingInfo(): StandingInfo {
  return { did: PEER_DID, alias: 'orgb', score: 200, tier: 'probation', held: false }
}

function aStanding(): StandingExplanation {
  return explainStanding(new EvidenceLog(), { by: FAKE_DID, of: PEER_DID, day: 20_000 })
}

function knownPeer(did: Did): KnownPeer {
  const said = { clearance: [], sameOwner: false, standing: 200, by: 'person:olga', since: 1 }
  return { did, alias: 'orgb', source: 'operator', ...said, imports: ['orgb'] }
}

function frame(capability: string, value: unknown): Frame {
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

function explanation(capability: string): Explanation {
  const local = { effect: 'permit' as const, rules: ['all'], reason: 'a fake permits' }
  return { capability, safety: 'READ', decision: 'permit', local, obligations: [] }
}

function aborted(signal = new AbortController().signal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function approval(state: Approval['state'], approver?: string): Approval {
  const request = { id: ID, principal: 'agent:alice', capability: 'files.wipe', callId: ID, action: HASH }
  return { ...request, args: '{}', requested: 1, expires: 2, state, ...(approver !== undefined && { approver }) }
}

function manifest(): SignedManifest {
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

function peerImport(): PeerImport {
  return {
    peer: PEER_DID,
    alias: 'orgb',
    trustPolicy: 'local_only',
    capabilities: ['orgb/echo'],
    refresh: () => Promise.reject(new Error('the control interface keeps no import')),
    unimport: () => Promise.reject(new Error('the control interface keeps no import')),
  }
}
