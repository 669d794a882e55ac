/**
 * Who may call which method of the control interface. An operator is whoever can open the socket of the home or shows
 * its control token. Whoever shows the credential of an agent may call what an agent needs and nothing else, on every
 * listener. A method that is not in the table does not compile; a path that is not in it is an operator's.
 */
import { type ControlMethod, controlPaths } from './methods.ts'

export const controlScopes = ['agent', 'operator'] as const
/** `agent`: agents and operators may. `operator`: only operators may. */
export type ControlScope = (typeof controlScopes)[number]

export type MethodFacts = {
  scope: ControlScope
  /** One sentence for people. */
  summary: string
}

export const methodFacts = {
  whoami: { scope: 'agent', summary: 'Says which kernel this is, and for whom this caller acts.' },
  status: { scope: 'operator', summary: 'Says what the node is and how it is.' },
  capabilities: { scope: 'agent', summary: 'Lists what can be called.' },
  peers: { scope: 'operator', summary: 'Lists imported kernels.' },
  advertise: { scope: 'operator', summary: 'Signs a manifest of everything that is offered now.' },
  discover: { scope: 'operator', summary: 'Looks for other kernels, by URL or in a registry.' },
  search: { scope: 'agent', summary: 'Searches the manifests of other kernels that this one holds.' },
  import: { scope: 'operator', summary: 'Pins another kernel and makes its capabilities callable.' },
  forgiveRegistry: {
    scope: 'operator',
    summary: 'Asks a registry again that was caught; its next log counts as its first.',
  },
  importAgreed: {
    scope: 'agent',
    summary: 'Pins a kernel that two independent discovery channels name alike; grants no call.',
  },
  refresh: { scope: 'operator', summary: 'Fetches the manifest of an imported kernel again.' },
  unimport: { scope: 'operator', summary: 'Forgets an imported kernel.' },
  addPeer: { scope: 'operator', summary: 'Makes a kernel known, and imports what it offers.' },
  removePeer: { scope: 'operator', summary: 'Forgets a kernel and what was imported of it.' },
  knownPeers: { scope: 'operator', summary: 'Lists kernels that are configured, added or imported.' },
  trustList: { scope: 'operator', summary: 'Lists the standing of every kernel that is known.' },
  trustExplain: { scope: 'operator', summary: 'Says what the standing of one kernel follows from.' },
  trustAsk: { scope: 'operator', summary: 'Asks a peer for the standing of this kernel there.' },
  vouch: { scope: 'operator', summary: 'Gives the standing of a kernel a floor, until a day.' },
  unvouch: { scope: 'operator', summary: 'Takes back what was vouched for a kernel.' },
  endorse: { scope: 'operator', summary: 'Tells peers that ask what this kernel makes of another one.' },
  unendorse: { scope: 'operator', summary: 'Tells nobody any more.' },
  reloadPolicy: { scope: 'operator', summary: 'Puts the policy files in force as they are now.' },
  pendingPolicy: { scope: 'operator', summary: 'Shows a policy that waits for two persons.' },
  approvePolicy: { scope: 'operator', summary: 'Stands up for a policy; the second person puts it in force.' },
  rejectPolicy: { scope: 'operator', summary: 'Refuses a policy that waits; the one in force stays.' },
  capability: { scope: 'operator', summary: 'Shows everything that is known of one capability.' },
  classify: { scope: 'operator', summary: 'Classifies a tool of an MCP server, and puts it into the configuration.' },
  forgetCapability: { scope: 'operator', summary: 'Forgets a capability whose program has gone away.' },
  reload: { scope: 'operator', summary: 'Reads the configuration and the policies again; a fault keeps all as it is.' },
  invoke: { scope: 'agent', summary: 'Calls a capability.' },
  explain: { scope: 'agent', summary: 'Says what a call would be decided as, and does nothing.' },
  route: { scope: 'operator', summary: 'Says who could serve a capability, in which order they are asked, and why.' },
  approvals: { scope: 'operator', summary: 'Lists what waits for a person.' },
  approve: { scope: 'operator', summary: 'Approves exactly one action.' },
  deny: { scope: 'operator', summary: 'Denies exactly one action.' },
  grant: { scope: 'operator', summary: 'Mints a token for one principal and one capability.' },
  revoke: {
    scope: 'operator',
    summary: 'Takes back a token, a principal, a capability, a delegation, a key, an agreement or a peer, for good.',
  },
  revocations: { scope: 'operator', summary: 'Lists every revocation that is held, own and of other kernels.' },
  sponsors: { scope: 'operator', summary: 'Lists who vouches for agents of this kernel.' },
  sponsorSign: { scope: 'operator', summary: 'Vouches for an agent of another kernel, under the key of this one.' },
  sponsorAdd: { scope: 'operator', summary: 'Takes in the claim of a sponsor about an agent of this kernel.' },
  sponsorRemove: { scope: 'operator', summary: 'Forgets the claim of a sponsor.' },
  delegations: { scope: 'operator', summary: 'Lists chains of delegations that this kernel holds.' },
  delegate: {
    scope: 'operator',
    summary: 'Signs a link of a chain: the first one, or one more behind a chain that was given.',
  },
  delegationAdd: { scope: 'operator', summary: 'Takes in a chain that names this kernel.' },
  delegationRemove: { scope: 'operator', summary: 'Forgets a chain here.' },
  identityKeys: { scope: 'operator', summary: 'Lists every key that the identity of this kernel ever had.' },
  renewUpdateKey: {
    scope: 'operator',
    summary: 'Commits the log of the identity to a new update key, and to the key that can undo.',
  },
  rotateKey: { scope: 'operator', summary: 'Announces a new key, which signs after the delay.' },
  revokeKey: { scope: 'operator', summary: 'Says that a key is compromised, in the document and to peers.' },
  snapshotState: { scope: 'operator', summary: 'Writes a copy of the state of the node beside it, for a backup.' },
  agentCard: { scope: 'operator', summary: 'Shows the card by which clients of A2A know this node, as it is served.' },
  audit: { scope: 'operator', summary: 'Reads entries of the log.' },
  content: { scope: 'operator', summary: 'Shows what was kept of the content of one call, checked against the log.' },
  keptArguments: { scope: 'operator', summary: 'Reads kept arguments of calls, for what-if decisions.' },
  eraseContent: { scope: 'operator', summary: 'Erases kept content for good, and says so in the log.' },
  logLines: { scope: 'operator', summary: 'Reads the last lines that the node wrote, and waits for more.' },
  agents: { scope: 'operator', summary: 'Lists agents that hold a credential.' },
  issuers: { scope: 'operator', summary: 'Lists issuers whose tokens are taken.' },
  checkIssuer: { scope: 'operator', summary: 'Reads the keys of an issuer, and says what a token would be taken as.' },
  agentAdd: { scope: 'operator', summary: 'Makes the credential of an agent; it is in this answer and nowhere else.' },
  agentRemove: { scope: 'operator', summary: 'Takes the credential of an agent away, at once.' },
  cases: { scope: 'operator', summary: 'Lists cases about kernels and principals.' },
  case: { scope: 'operator', summary: 'Shows one case: what was done, whose turn it is, what is in force.' },
  openCase: { scope: 'operator', summary: 'Opens a case about a kernel or a principal.' },
  actOnCase: { scope: 'operator', summary: 'Triages, decides or closes a case, or decides its appeal.' },
  notifyCase: { scope: 'operator', summary: 'Tells imported kernels of a sanction on another kernel.' },
  caseProofs: { scope: 'operator', summary: 'Gives the proofs of a case as files that anybody can verify.' },
  joinMesh: { scope: 'operator', summary: 'Takes part in a mesh, through another kernel or waiting for others.' },
  leaveMesh: { scope: 'operator', summary: 'Takes no part any more, and says so to its neighbours.' },
  meshStatus: { scope: 'operator', summary: 'Lists neighbours, and every kernel that is known of.' },
  exceptions: { scope: 'operator', summary: 'Lists exceptions to the policy.' },
  askException: { scope: 'operator', summary: 'Asks for an exception to the policy; a second person confirms it.' },
  confirmException: { scope: 'operator', summary: 'Confirms an exception that another person has asked for.' },
  endException: { scope: 'operator', summary: 'Ends an exception before its time.' },
  agreements: { scope: 'operator', summary: 'Lists agreements with other kernels.' },
  agreement: { scope: 'operator', summary: 'Shows one agreement, with what both sides have signed.' },
  proposeAgreement: { scope: 'operator', summary: 'Signs terms, and hands them to another kernel.' },
  acceptAgreement: { scope: 'operator', summary: 'Signs what another kernel has proposed, and hands that over.' },
  rejectAgreement: { scope: 'operator', summary: 'Says no to what another kernel has proposed.' },
  endAgreement: { scope: 'operator', summary: 'Ends an agreement, or takes an own proposal back.' },
} as const satisfies Record<ControlMethod, MethodFacts>

/** What is not a method with a JSON answer. An agent reaches only registrations of its own. */
const pathScopes: ReadonlyMap<string, ControlScope> = new Map([
  [controlPaths.serve, 'agent'],
  [controlPaths.answer, 'agent'],
  [controlPaths.note, 'agent'],
  [controlPaths.invokeStream, 'agent'],
  [controlPaths.end, 'agent'],
  [controlPaths.openapi, 'agent'],
  [controlPaths.watchApprovals, 'operator'],
])

/** @param path of a request, such as `/control/v1/invoke`. @returns `operator` for whatever is not known. */
export function controlScopeOf(path: string): ControlScope {
  const method = path.startsWith(controlPaths.method) ? path.slice(controlPaths.method.length) : ''
  if (Object.hasOwn(methodFacts, method)) return methodFacts[method as ControlMethod].scope
  return pathScopes.get(path) ?? 'operator'
}
