/** A kernel that only remembers and repeats: for testing the way to one. Nothing is decided, screened or logged. */
import {
  type AgentInfo,
  type ApprovalEvent,
  CallError,
  type CapabilityHandler,
  type CapabilityInfo,
  type DiscoveredPeer,
  type Explanation,
  type InvokeOptions,
  type Route,
} from '@hansa/protocols'
import { newAgentCredential } from '@hansa/trust'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { TokenExchanging } from '../control/controlled-kernel.ts'
import type { ControlledKernel } from '../control/index.ts'
import type { OpenCapability } from '../kernel/open-capabilities.ts'
import { fakeAgreements } from './fake-agreements.ts'
import {
  approval,
  aStanding,
  aStandingInfo,
  detail,
  explanation,
  FAKE_DID,
  fakeKeys,
  fakeMesh,
  frame,
  HASH,
  heldChain,
  ID,
  ISSUER,
  knownPeer,
  manifest,
  PEER_DID,
  peerImport,
  REVOKED,
  sponsorInfo,
} from './fake-answers.ts'
import { fakeGovernance } from './fake-governance.ts'
import { fakePolicyChanges } from './fake-policy-changes.ts'
import { searchHit } from './search-hit.ts'

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

function aborted(signal = new AbortController().signal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
