/** Each method of the control interface as a call of the kernel. Total over the contract's table, in both directions. */
import {
  CallError,
  type CallNote,
  type CapabilityInfo,
  type ControlMethod,
  type ControlResult,
  type controlMethods,
  type ImportAgreed,
  type ImportedPeer,
  type PeerImport,
  type PendingPolicy,
} from '@hansa/protocols'
import type { z } from 'zod'
import type { AgentIdentity, ControlCaller } from './control-caller.ts'
import type { ControlledKernel } from './controlled-kernel.ts'
import { invokeOptions } from './invoke-options.ts'
import type { NodeOperations } from './node-operations.ts'
import { withoutUndefined } from './without-undefined.ts'

export type MethodContext = {
  kernel: ControlledKernel
  node: NodeOperations
  /** What an agent may ask was checked before; what it may say for whom is checked here. */
  caller: ControlCaller
  /** Whom a call is for when it does not say; for an agent the only one. */
  principal: string
  /** Where agents connect. */
  agentsUrl: string
  /** Aborted when the client goes away. */
  signal: AbortSignal
  /** Takes what a call says before it ends. @default nobody listens */
  onNote?(note: CallNote): void
}

type Params<M extends ControlMethod> = z.infer<(typeof controlMethods)[M]>
type Method<M extends ControlMethod> = (params: Params<M>, context: MethodContext) => Promise<ControlResult<M>>
type MethodTable = { readonly [M in ControlMethod]: Method<M> }

export const methodTable: MethodTable = {
  whoami: (_params, context) => whoAmI(context),
  status: (_params, context) => nodeStatus(context),
  capabilities: async (_params, { kernel, caller }) => shownTo(caller, await kernel.capabilities()),
  peers: (_params, { kernel }) => kernel.peers(),
  advertise: (_params, { kernel }) => kernel.advertise(),
  discover: (params, { kernel, signal }) => kernel.discoverPeers({ ...withoutUndefined(params), signal }),
  search: (params, { kernel }) => kernel.search(withoutUndefined(params)),
  import: async (params, { kernel }) => importedPeer(await kernel.importRemote(withoutUndefined(params))),
  forgiveRegistry: ({ url, by }, { kernel }) => kernel.forgiveRegistry(url, by),
  importAgreed: (params, context) => importAgreed(withoutUndefined(params), context),
  refresh: ({ alias }, { kernel }) => kernel.refresh(alias),
  addPeer: (params, { kernel }) => kernel.addPeer(withoutUndefined(params)),
  removePeer: ({ who, by }, { kernel }) => kernel.removePeer(who, by),
  knownPeers: (_params, { kernel }) => kernel.knownPeers(),
  trustList: (_params, { kernel }) => kernel.standing.list(),
  trustExplain: ({ who, day }, { kernel }) => kernel.standing.explain(who, day),
  trustAsk: ({ who }, { kernel }) => kernel.standing.ask(who),
  vouch: (params, { kernel }) => kernel.standing.vouch(withoutUndefined(params)),
  unvouch: (params, { kernel }) => kernel.standing.unvouch(withoutUndefined(params)),
  endorse: (params, { kernel }) => kernel.standing.endorse(withoutUndefined(params)),
  unendorse: (params, { kernel }) => kernel.standing.unendorse(withoutUndefined(params)),
  unimport: async ({ alias }, { kernel }) => done(kernel.unimport(alias)),
  invoke: ({ capability, args, ...options }, context) =>
    context.kernel.invoke(capability, args, invokeOptions(capability, options, context)),
  explain: ({ capability, args, ...options }, context) =>
    context.kernel.explain(capability, args, invokeOptions(capability, options, context)),
  route: ({ capability }, { kernel }) => kernel.routing.route(capability),
  approvals: (_params, { kernel }) => kernel.approvals(),
  approve: ({ id, approver, ...notes }, { kernel }) => kernel.approve(id, approver, notes),
  deny: ({ id, approver, ...notes }, { kernel }) => kernel.deny(id, approver, notes),
  grant: (params, { kernel }) => kernel.grant(withoutUndefined(params)),
  revoke: (params, { kernel }) => kernel.revoke(params),
  revocations: (_params, { kernel }) => kernel.revocations(),
  sponsors: (_params, { kernel }) => kernel.sponsors.list(),
  sponsorSign: (params, { kernel }) => kernel.sponsors.sign(params),
  sponsorAdd: (params, { kernel }) => kernel.sponsors.add(params),
  sponsorRemove: ({ id, by }, { kernel }) => kernel.sponsors.remove(id, by),
  delegations: (_params, { kernel }) => kernel.delegations.list(),
  delegate: (params, { kernel }) => kernel.delegations.delegate(withoutUndefined(params)),
  delegationAdd: (params, { kernel }) => kernel.delegations.add(withoutUndefined(params)),
  delegationRemove: ({ id, by }, { kernel }) => kernel.delegations.remove(id, by),
  capability: ({ ref }, { kernel }) => kernel.capability(ref),
  classify: (params, { node }) => node.classify(withoutUndefined(params)),
  forgetCapability: async ({ id }, { kernel }) => done(kernel.forgetCapability(id)),
  reload: (_params, { node }) => node.reload(),
  reloadPolicy: ({ by }, { node }) => node.reloadPolicy(by),
  pendingPolicy: (_params, { kernel }) => kernel.policyChanges.pending(),
  approvePolicy: (params, { kernel }) => kernel.policyChanges.approve(params),
  rejectPolicy: (params, { kernel }) => kernel.policyChanges.reject(params),
  identityKeys: (_params, { kernel }) => kernel.identity.keys(),
  renewUpdateKey: (params, { kernel }) => kernel.identity.renew(withoutUndefined(params)),
  rotateKey: (params, { kernel }) => kernel.identity.rotate(withoutUndefined(params)),
  revokeKey: (params, { kernel }) => kernel.identity.revoke(params),
  snapshotState: (_params, { kernel }) => kernel.snapshotState(),
  agentCard: (_params, { node, agentsUrl }) => node.agentCard(agentsUrl),
  audit: (params, { kernel }) => kernel.audit(withoutUndefined(params)),
  content: ({ callId }, { kernel }) => kernel.content(callId),
  keptArguments: ({ origin, callIds }, { kernel }) => kernel.keptArguments(origin, callIds),
  eraseContent: (params, { kernel }) => kernel.eraseContent(withoutUndefined(params)),
  logLines: (params, { node, signal }) => node.logLines(withoutUndefined(params), signal),
  agents: (_params, { kernel }) => kernel.agents(),
  issuers: async (_params, { kernel }) => kernel.issuers.list(),
  checkIssuer: ({ name, token }, { kernel }) => kernel.issuers.check(name, token),
  agentAdd: async (params, { kernel, agentsUrl }) => ({
    ...(await kernel.addAgent(withoutUndefined(params))),
    control: agentsUrl,
  }),
  agentRemove: async ({ name }, { kernel }) => done(kernel.removeAgent(name)),
  cases: (_params, { kernel }) => kernel.governance.cases(),
  case: ({ id }, { kernel }) => kernel.governance.case(id),
  openCase: (params, { kernel }) => kernel.governance.openCase(params),
  actOnCase: (params, { kernel }) => kernel.governance.actOnCase(params),
  notifyCase: (params, { kernel }) => kernel.governance.notifyCase(withoutUndefined(params)),
  caseProofs: ({ id }, { kernel }) => kernel.governance.caseProofs(id),
  joinMesh: (params, { kernel }) => kernel.mesh.join(withoutUndefined(params)),
  leaveMesh: (params, { kernel }) => kernel.mesh.leave(params),
  meshStatus: (_params, { kernel }) => kernel.mesh.status(),
  exceptions: (_params, { kernel }) => kernel.governance.exceptions(),
  askException: (params, { kernel }) => kernel.governance.askException(params),
  confirmException: (params, { kernel }) => kernel.governance.confirmException(params),
  endException: (params, { kernel }) => kernel.governance.endException(params),
  agreements: (_params, { kernel }) => kernel.agreements.list(),
  agreement: ({ id }, { kernel }) => kernel.agreements.show(id),
  proposeAgreement: (params, { kernel }) => kernel.agreements.propose(params),
  acceptAgreement: (params, { kernel }) => kernel.agreements.accept(params),
  rejectAgreement: (params, { kernel }) => kernel.agreements.reject(params),
  endAgreement: (params, { kernel }) => kernel.agreements.end(params),
}

/** What no operator has looked at reaches no agent: its description is text of a stranger. */
function shownTo({ scope }: ControlCaller, capabilities: CapabilityInfo[]): CapabilityInfo[] {
  if (scope === 'operator') return capabilities
  const classified = capabilities.filter(({ state, peer }) => peer !== undefined || !withheldStates.has(state))
  return classified.map(({ source: _source, ...info }) => info)
}

const withheldStates: ReadonlySet<string> = new Set(['unclassified', 'suspended'])

async function whoAmI({ kernel, caller, principal }: MethodContext): Promise<ControlResult<'whoami'>> {
  const { did, name } = await kernel.status()
  return {
    did,
    name,
    scope: caller.scope,
    principal,
    ...(caller.scope === 'agent' ? shownBy(caller.agent) : {}),
  }
}

/** What is said of an agent to itself. */
function shownBy({ name, issuer, onBehalfOf }: AgentIdentity): Partial<ControlResult<'whoami'>> {
  return {
    agent: name,
    ...(issuer === undefined ? {} : { issuer }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  }
}

function importedPeer({ peer, alias, trustPolicy, capabilities }: PeerImport): ImportedPeer {
  return { peer, alias, trustPolicy, capabilities }
}

function scopedToken(): CallError {
  return new CallError({ code: 'policy_denied' }, 'policy_denied: The scope of the token does not cover imports.')
}

async function importAgreed(init: ImportAgreed, { kernel, caller, principal }: MethodContext) {
  // A token that may call one thing imports nothing.
  if (caller.scope === 'agent' && caller.agent.scope !== undefined) throw scopedToken()
  const imported = await kernel.importAgreed(init, { actor: principal, isOperator: caller.scope === 'operator' })
  return { ...importedPeer(imported), agreed: [...imported.agreed] }
}

async function done(work: Promise<void>): Promise<null> {
  await work
  return null
}

async function nodeStatus({ kernel, node }: MethodContext): Promise<ControlResult<'status'>> {
  const status = await kernel.status()
  const { pending } = await kernel.policyChanges.pending()
  const faults = [...node.policyFaults(), ...(pending === null ? [] : [pendingSentence(pending)])]
  return faults.length === 0 ? status : { ...status, policy: { ...status.policy, faults } }
}

function pendingSentence({ id, state }: PendingPolicy): string {
  return state === 'waits'
    ? `A policy that may permit more waits for two persons: hansa policy pending, then hansa policy approve ${id.slice(0, 12)}`
    : 'The policy files may permit more than the policy in force, and were rejected: hansa policy pending'
}
