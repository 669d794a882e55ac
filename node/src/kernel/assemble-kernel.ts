/**
 * Builds a kernel from its components, top to bottom, in the order in which the parts need each other. The only file
 * that knows all of them; it decides nothing.
 */
import { inboundSessions, type OwnSide, peerMemory } from '@hansa/mesh'
import type { Did, EntryDraft } from '@hansa/protocols'
import { batchSigner, envelopeVerifier, unadmittedKeys } from '@hansa/trust'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import { openAgreements } from '../agreement/open-agreements.ts'
import { checkContent, openContent } from '../content/open-content.ts'
import { openDelegation } from '../delegation/open-delegation.ts'
import { type AskPeerComponents, askPeer } from '../exchange/ask-peer.ts'
import { Pseudonyms } from '../exchange/build-intent.ts'
import { peersInReach } from '../exchange/connected-peers.ts'
import { DecisionMemory } from '../exchange/decision-memory.ts'
import { openExchange } from '../exchange/open-exchange.ts'
import { checkPromises } from '../exchange/promise-checks.ts'
import { RefusalBudget } from '../exchange/refusal-budget.ts'
import { RefusalCounter } from '../exchange/refusal-counter.ts'
import { servePeers } from '../exchange/serve-peers.ts'
import { compileDetectors } from '../firewall/index.ts'
import { openFirstImports } from '../first-import/open-first-imports.ts'
import { openLogCompany } from '../gossip/log-company.ts'
import type { LogGossip } from '../gossip/log-gossip.ts'
import { openGovernance } from '../governance/open-governance.ts'
import { contestedBy } from '../identity/contested.ts'
import { IdentityDesk } from '../identity/identity-desk.ts'
import { kernelResolver } from '../identity/kernel-resolver.ts'
import { openIssuers } from '../issuers/open-issuers.ts'
import { openMesh } from '../mesh/open-mesh.ts'
import { PolicyChanges } from '../policy/policy-changes.ts'
import { kernelDiscovery } from '../registry/kernel-discovery.ts'
import { kernelRegistries } from '../registry/kernel-registries.ts'
import { KernelRevocations } from '../revocation/kernel-revocations.ts'
import { openRouting } from '../routing/open-routing.ts'
import { PeerGuard } from '../routing/peer-guard.ts'
import { replicaSource } from '../routing/route-sources.ts'
import { openStanding } from '../standing/open-standing.ts'
import { afterTurns } from './after-turns.ts'
import { AgentBook } from './agent-book.ts'
import { AgentOffers } from './agent-offers.ts'
import { ApprovalArguments } from './approval-arguments.ts'
import { CapabilityDesk } from './capability-desk.ts'
import { checkpointFor } from './checkpoint-proof.ts'
import { closeCall } from './close-call.ts'
import { ConfiguredCapabilities } from './configured-capabilities.ts'
import { deriveSecrets } from './derived-secrets.ts'
import { EventOutbox } from './event-outbox.ts'
import { explainer } from './explain.ts'
import { faultFields } from './fault-fields.ts'
import { findTarget } from './find-target.ts'
import { ImportDesk } from './import-desk.ts'
import { InFlight } from './in-flight.ts'
import { invoker, RunningCalls } from './invoke.ts'
import { AssembledKernel } from './kernel.ts'
import type { KernelComponents, KernelInit } from './kernel-components.ts'
import { LocalCapabilities } from './local-capabilities.ts'
import { ledgerLimits, logWatch, receiveWithRoom, roomIn } from './log-room.ts'
import { inManifest, ManifestPublisher, publicFace } from './manifest-publisher.ts'
import { observedStages } from './observed-stages.ts'
import { openCapabilities } from './open-capabilities.ts'
import { openLog } from './open-log.ts'
import { PeerDesk } from './peer-desk.ts'
import { PeerSettings } from './peer-settings.ts'
import { periodic } from './periodic.ts'
import { runCall } from './pipeline.ts'
import { PolicyHolder } from './policy-holder.ts'
import type { PolicyComponents } from './policy-stage.ts'
import { receiveStage } from './receive-stage.ts'
import { receiveWithinDebts } from './receive-within-debts.ts'
import { replayFacts } from './replay-facts.ts'
import { sharedStages } from './shared-stages.ts'
import type { Refusal } from './stages.ts'
import { TokenDesk } from './token-desk.ts'

const DEFAULT_PRINCIPAL = 'agent:local'

/** Turns for which statements gather under one signature: fewer than a sync of the disk takes, which they wait for anyway. */
const SIGNING_TURNS = 6

/** How long a node that ends waits for results to be claimed: peers do it at once, milliseconds. */
const CLAIM_MS = 5_000

/** How often it is looked whether an import has lived half its life, milliseconds. */
const REFRESH_PERIOD_MS = 15_000

/**
 * Opens the log, rebuilds what the kernel remembers, closes what a crash left open, and is then ready for calls.
 * @throws CallError `invalid_request` with every fault of the policy; LedgerError when the log cannot be opened.
 */
export async function assembleKernel(world: KernelComponents, init: KernelInit = {}): Promise<AssembledKernel> {
  const guard = new PeerGuard({ ...world, observer: init.observer }, init.routing)
  const components = { ...world, transport: guard.transport }
  const { signer, clock, logger, store, transport } = components
  const self = signer.did
  const { policy: sources = [], twoPersons = false } = init
  const policyChanges = await PolicyChanges.open({ store, sources, twoPersons })
  const compiled = policyChanges.first
  await checkContent(components.content, init.content)
  // A log that is open holds its directory: whatever fails behind it must not keep the next start from it.
  await using undo = new AsyncDisposableStack()
  let opened: Ledger | undefined
  let gossip: LogGossip | undefined
  const append = (draft: EntryDraft): Appended => {
    if (opened === undefined) throw new Error('the ledger is written to before it is open')
    const appended = opened.append(draft)
    gossip?.anchors.saw(draft)
    standing.saw(draft, appended)
    return appended
  }
  const room = () => (opened === undefined ? Promise.resolve() : roomIn(opened, clock))
  const events = new EventOutbox({ store, logger, ledger: () => opened, room, saw: (...of) => standing.saw(...of) })
  const logs = components.logs ?? { origin: `${self}/log/1`, frozen: [] }
  const secrets = deriveSecrets(components.secret, self, clock, logs.origin)
  const revocations = new KernelRevocations({ self, clock })
  const bars = (peer: Did) => gossip?.evidence.bars(peer) ?? revocations.bars(peer)
  const identities = kernelResolver({
    ...{ ...components, append, freshness: init.freshness, isKnown: (peer) => isKnown(peer) },
    certificateKeys: (peer) => imports.keysOf(peer),
    pinnedKeys: (peer) => peers.of(peer).keys,
  })
  const resolver = revocations.keysOf(identities)
  const pooled = components.pooledSignatures ?? false
  const verifier = envelopeVerifier({ resolver, pooled })
  const batch = init.statements?.(signer) ?? batchSigner(signer, { schedule: afterTurns(SIGNING_TURNS), pooled })
  const peers = new PeerSettings(init.peers)
  // Imports need the memory to verify what they pin, and say afterwards whom it must not forget.
  const memory = peerMemory({
    keeps: (peer) => isKnown(peer),
    equivocated: (peer, manifests) => governance.equivocated(peer, manifests),
    learned: (peer, jws) => mesh.learned(peer, jws),
  })({ store, clock })
  const refusals = new RefusalCounter({ clock, append })
  const inFlight = new InFlight(init.inFlight)
  const decisions = new DecisionMemory()
  const locals = new LocalCapabilities((id) => revocations.withdrew(id))
  const running = new RunningCalls()
  const configured = new ConfiguredCapabilities({ locals, running, append })
  const detectors = compileDetectors({ canaries: init.canaries ?? [] })
  const imports = await ImportDesk.open({
    ...{ self, store, clock, resolver, memory, peers, events },
    ...{ fetch: components.fetch, barred: bars, contested: contestedBy(identities) },
  })
  transport.usePins?.(imports)
  const agents = await AgentBook.open({ store, clock, events })
  const offers = await AgentOffers.open({ store, clock, locals, logger })
  const rules = () => policy.current.rules
  const lifted = (peer: Did) => Promise.all([gossip?.evidence.lift(peer), identities.forget(peer)])
  const peerDesk = await PeerDesk.open({
    ...{ store, clock, resolver, settings: peers, imports, self, events, rules },
    removed: (peer, by) => Promise.all([lifted(peer), ends(peer), agreements.desk.endWith(peer, by)]),
    standing: (peer) => standing.of(peer),
  })
  const isKnown = (peer: Did): boolean => peers.has(peer) || imports.endpointOf(peer) !== undefined
  const args = await ApprovalArguments.open({ store, logger })
  let holder: PolicyHolder | undefined
  const inForce = () => holder?.current ?? compiled
  const { ledger, projections, resume } = await openLog({
    ...components,
    logs,
    resumeKey: secrets.resumeKey,
    limits: ledgerLimits(init),
    projections: {
      clock,
      store,
      append,
      args,
      outbox: { logger, transport, signer: batch, endpointOf: (peer) => imports.endpointOf(peer) },
      facts: replayFacts(imports, inForce),
    },
  })
  const { approvals, uses, budgets, rates, idempotency, openAcks, openCalls, callIds, doubt, outbox, promises } =
    projections
  const trust = openStanding({
    ...{ self, signer, store, clock, logger, append, events, ledger, projections, peers, peerDesk, imports },
    ...{ resolver, transport, sessions: () => peerSessions },
    sanctionOn: (peer) => governance.sanctions.on(peer),
  })
  const standing = trust.book
  opened = undo.use(ledger)
  const frozen = logs.frozen.map(({ directory, link }) => ({ origin: link.previous.origin, directory }))
  const closing = openCalls.closing()
  const kept = await openContent({
    ...{ store, clock, logger, events, ledger, frozen, callIds, idempotency, args },
    ground: components.content,
    settings: init.content,
    open: new Set(closing.flatMap((draft) => draft.call_id ?? [])),
  })
  await events.open(frozen)
  const inReach = peersInReach({ open: () => ({ sessions, peerSessions }), imports, isKnown })
  await revocations.open({
    ...{ signer, store, clock, events, uses, logger, resolver, transport, refusals, ...inReach },
    observer: init.observer,
    isConnected: (peer) => isKnown(peer) || sessions.peers().includes(peer),
    ends: (peer) => ends(peer),
    withdrawn: () => locals.withdrawn(),
  })
  const desk = { events, resolver: identities, revocations, times: init.rotation }
  const identity = await IdentityDesk.open({ ...components, ...desk })
  approvals.replayed()
  for (const draft of closing) projections.replay(await closeCall(ledger, draft))
  await trust.start()

  const policy = new PolicyHolder(compiled, projections.policyVersion + 1)
  holder = policy
  await policyChanges.start({ clock, logger, events, holder: policy })
  const policyVersion = () => policy.version
  const sessions = inboundSessions({ opened: (peer) => guard.heard(peer) })({ clock })
  const ends = (peer: Did) => {
    sessions.closePeer(peer)
    peerSessions.forget(peer)
    transport.drop?.(peer, 'this kernel speaks no longer with it')
  }
  const company = await openLogCompany(
    {
      ...components,
      ...{ self, ledger, refusals, imports, resolver, memory, sessions, events, append, isKnown },
      forget: (peer) => ends(peer),
      found: (peer, proof) => governance.forked(peer, proof),
      observer: init.observer,
    },
    init.witnessing,
  )
  const { gossip: told, witnessing } = company
  gossip = told
  const contradicted = (peer: Did, note: string) => told.contradicted(peer, note)
  const publisher = new ManifestPublisher(
    { self, signer, clock, store, ledger, frozen: logs.frozen.map(inManifest), locals, policy, events },
    { ...publicFace(init), witness: witnessing.book.vkey },
  )
  const own = async (): Promise<OwnSide> => ({
    manifest: await publisher.current(),
    policyVersion: policy.version,
    checkpoint: (seen) => checkpointFor(ledger, seen),
  })
  const { fresh } = revocations
  const pseudonyms = new Pseudonyms(secrets.pseudonyms)
  const { evidence, held, overdueAcks, peerSessions, exchange } = openExchange({
    ...{ self, identity: signer, statements: batch, clock, logger, transport, verifier, resolver, memory, imports },
    ...{ approvals, openAcks, append, observer: init.observer, fresh, guard, own, bars, contradicted, detectors },
    ...{ revocations: revocations.statuses, pseudonyms },
  })
  const governance = await openGovernance({
    ...{ self, identity: signer, store, clock, logger, events, ledger, locals, projections, resolver, transport },
    ...{ sessions, peerSessions, refusals, imports, isKnown, memory, evidence: told.evidence },
    cutOff: company.cutOff,
    cleared: (peer) => told.evidence.lift(peer),
  })
  const asking: AskPeerComponents = { exchange, detectors, nowMs: () => clock.now() }
  const mesh = await openMesh({
    ...{ self, clock, logger, store, events, resolver, memory, imports, publisher, refusals },
    ...{ isKnown, bars, standing, detectors, replicaStore: components.replicaStore },
    replicaKeys: revocations.keysOf(unadmittedKeys(identities)),
    ...{ recordThreads: components.recordThreads, host: components.host },
    ...{ settings: init.replica, meaning: init.meaning },
    isRevoked: (kid, by) => revocations.isRevoked(kid, by),
    // Its rounds look for who is back, and that must not wait for a breaker of calls.
    transport: world.transport,
    equivocated: (peer, manifests) => governance.equivocated(peer, manifests),
  })
  const deciding: PolicyComponents = {
    ...{ clock, policy, peers, standing, approvals, rates, inFlight },
    authority: governance.authority,
    askPeer: askPeer(asking),
  }
  const budget = new RefusalBudget({ clock, isKnown })
  const routing = openRouting({ clock, logger, guard, imports, standing, locals, configured }, init.routing)
  routing.desk.lookIn(replicaSource((query) => mesh.search(query)))
  const receiveOnly = receiveStage({
    ...{ self, clock, locals, idempotency, doubt },
    withheld: (id) => configured.reasonOf(id),
    imported: (ref) => guard.within(imports.target(ref)),
    revoked: (arrived, target) => revocations.refuses(arrived, target),
  })
  const delegation = await openDelegation(
    { ...{ self, signer, store, clock, resolver, events, peers, standing, budgets, revocations, pseudonyms } },
    init.delegation,
  )
  const agreements = await openAgreements({
    ...{ self, signer, store, clock, logger, events, revocations, resolver, sessions, peerSessions, transport },
    ...{ refusals, rates, budgets, isKnown, sanctions: governance.sanctions, reachable: inReach.reachable },
    ...{ peerNamed: (who) => peerDesk.find(who), policyHash: () => policy.current.hash },
  })
  const receive = agreements.receive(delegation.receive(receiveOnly))
  const receiveCall = routing.receive(receiveWithinDebts(receiveWithRoom(receive, ledger), held))
  const watchLog = logWatch(ledger, logger)
  let quiescing = false
  const stopping: Refusal = { refused: 'busy', reason: 'the node is stopping' }
  const plain = sharedStages({
    ...{ ...deciding, asking },
    ...{ self, logger, detectors, uses, policyVersion, append, room, idempotency, budget },
    tokenKeys: secrets.tokenKeys,
    ...{ transport, signer: batch, outbox, promises, evidence, exchange, fresh, content: kept.content },
    ...{ identities, quorum: witnessing.guard, governance, revocations, routing },
    receive: (arrived) => (quiescing ? stopping : receiveCall(arrived)),
  })
  const limited = delegation.stages(plain)
  const stages = init.observer === undefined ? limited : observedStages(limited, init.observer)
  const find = findTarget(locals, imports)
  const tokens = new TokenDesk({
    ...{ self, clock, keys: secrets.tokenKeys, uses, refusals, append, policyVersion, find },
  })
  const issuers = openIssuers(
    { self, clock, fetch: components.fetch, refusals, append, agents, tokens, revocations },
    init.issuers,
  )
  const arriving = { clock, secrets, defaultPrincipal: init.principal ?? DEFAULT_PRINCIPAL }
  const calling = { ledger, stages, running, callIds, outbox, promises, tokens }
  const invoke = invoker({ ...arriving, logger, ...calling, ...routing.calls })

  const inbound = servePeers({
    ...{ self, identity: signer, signer: batch, clock, logger, resolver, verifier, sessions, memory, ledger, peers },
    ...{ callIds, policy, policyVersion, openAcks, held, decisions, budget, refusals, append, own, bars },
    ...{ contradicted, receive, invoke, logs, standing, overdueAcks, evidence, observer: init.observer },
    ...{ explanationFor: (peer) => trust.desk.explanationFor(peer), endorsementsOf: trust.endorsementsOf },
    authority: governance.authority,
    ...{ disk: components.disk, publicLog: init.publicLog, manifest: () => publisher.current() },
    run: (arrived, seal) => {
      const release = running.add(arrived)
      return runCall({ ...stages, seal }, arrived).finally(release)
    },
    others: {
      ...{ ...witnessing.services, ...told.services, ...governance.services, ...revocations.services },
      ...agreements.services,
      ...mesh.services,
      identity: (request) => identity.serve(request),
    },
    revocations: revocations.statuses,
  })

  const explaining = { ...deciding, ...arriving, running: (id: string) => running.find(id), receive }
  const capabilities = new CapabilityDesk({ locals, configured, imports, policy, revocations, detectors })
  const canaries = routing.canaries(invoke)
  const registries = kernelRegistries({ store, logger, append, replica: mesh.replica })
  const finding = { fetch: components.fetch, dht: components.host }
  const first = { ...components, self, imports, append, bars, resolver, memory, registries, mesh, governance }
  const firstImports = openFirstImports({ ...first, peers: peerDesk }, init.firstImport)
  outbox.start()
  const asks = { self, signer, transport, sessions: peerSessions, memory, promises, evidence, append }
  const stopChecking = checkPromises({ ...asks, clock, logger, imports })
  const stopRefreshing = periodic(
    clock,
    REFRESH_PERIOD_MS,
    () => {
      approvals.expire()
      overdueAcks.tick()
      resume.tick(ledger.head().size)
      watchLog()
      trust.tick()
      canaries()
      const parts = [imports, events, kept, revocations, governance, agreements]
      return Promise.all(parts.map((part) => part.tick()))
    },
    (error) => logger.error('imports.refresh_failed', faultFields(error)),
  )
  undo.move()
  components.host?.attach({
    ...{ signer, resolver, manifest: () => publisher.current() },
    standingOf: (peer) => standing.of(peer).score,
  })
  return new AssembledKernel({
    did: self,
    name: init.name ?? '',
    endpoint: init.endpoint,
    nowMs: () => clock.now(),
    ...{ ledger, locals, publisher, policy, policyChanges, approvals, imports, inFlight, tokens, agents, issuers },
    ...{
      offers,
      configured,
      peers: peerDesk,
      agreements: agreements.desk,
      standing: trust.desk,
      routing: routing.desk,
    },
    capabilities,
    open: openCapabilities({ ...explaining, described: () => capabilities.described(), find }),
    ...{ content: kept.desk, events, identity, registries, revocations, ...delegation.desks },
    ...{ append, outbox, held, refusals, inbound, witnessing, invoke, governance: governance.operator },
    explain: routing.explain(explainer(explaining)),
    ...{ mesh: mesh.desk, search: mesh.search, meshFigures: mesh.figures, firstImports },
    discover: kernelDiscovery({ ...finding, resolver, clock, memory, self, registries, standing, mesh }),
    snapshotState: components.snapshotState,
    a2a: { signer, tasks: components.tasks },
    quiesce() {
      quiescing = true
      return running.ended().then(() => held.settled(CLAIM_MS))
    },
    async drain() {
      stopRefreshing()
      stopChecking()
      for (const part of [guard, company, mesh, trust, issuers.desk, identity, revocations]) part.close()
      await components.drain?.()
    },
    async ended() {
      held.close()
      await Promise.all([mesh.closeStore(), resume.close(ledger.head().size)])
      await components.ended?.()
    },
  })
}
