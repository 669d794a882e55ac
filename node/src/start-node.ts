/**
 * A running node: a kernel with its home, the capabilities of its configuration, the control interface and its listing in
 * a registry. Signals, the command line and what is printed are not its concern.
 */
import { resolve } from 'node:path'
import {
  CallError,
  type Did,
  type DiscoverInit,
  type EventLogger,
  type NodeReload,
  type PolicyReload,
} from '@hansa/protocols'
import type { PolicySource } from '@hansa/trust'
import { Agent } from 'undici'
import { type Environment, type ListenAddress, type NodeConfig, readConfig } from './config/index.ts'
import type { NodeOperations } from './control/index.ts'
import { createKernel } from './create-kernel.ts'
import { compileDetectors } from './firewall/index.ts'
import { homePaths, openHome } from './home/home.ts'
import type { CallObserver } from './kernel/call-observer.ts'
import { ExchangeRefused } from './kernel/configured-capabilities.ts'
import type { AssembledKernel } from './kernel/kernel.ts'
import type { OtlpTracer } from './operations/otlp-tracer.ts'
import type { RecentLines } from './operations/recent-lines.ts'
import { openRegistries } from './registry/open-registries.ts'
import { registrySource } from './routing/route-sources.ts'
import { approvalWebhook, readWebhook, type WebhookSettings, webhookFetch } from './start/approval-webhook.ts'
import { classify, settleClassifications } from './start/classify-tool.ts'
import { ConfiguredOffers } from './start/configured-offers.ts'
import { cannotStart, StartError, sentenceOf } from './start/errors.ts'
import { isRunning } from './start/is-running.ts'
import { issuerKeyFaults, issuersOf } from './start/issuer-keys.ts'
import { NodeReloader } from './start/node-reload.ts'
import type { OpenedA2a } from './start/open-a2a.ts'
import { openEmbeddings } from './start/open-embeddings.ts'
import { openListeners } from './start/open-listeners.ts'
import { type OpenedTls, openTls } from './start/open-tls.ts'
import type { Operations } from './start/operations.ts'
import { checkedPolicies, portFaults, portState } from './start/preflight.ts'
import { readWitnessing } from './start/read-witnessing.ts'
import { upstreamSettings } from './start/upstream-settings.ts'
import { systemClock } from './system-clock.ts'
import type { WitnessingInit } from './witness/witnessing.ts'

export type StartNodeInit = {
  /** Directory that `hansa init` made. */
  home: string
  config: NodeConfig
  /** Reads the configuration again. @default from the file of the home, with nothing in the place of it */
  readConfig?(): Promise<NodeConfig>
  /** That a changed configuration is checked with. @default nothing but the home */
  environment?: Environment
  logger: EventLogger
  /** Remembers what that logger wrote. @default nobody can ask for it */
  lines?: RecentLines
  /** The log can no longer be written: the process has to end. @default an uncaught exception */
  onFatal?(error: unknown): void
}

export interface RunningNode extends AsyncDisposable {
  readonly did: Did
  /** Base URL at which other kernels reach it. */
  readonly endpoint: string
  /** What `connect()` takes: `unix:/path` or `http://127.0.0.1:PORT`. */
  readonly control: string
  /** Where agents of other accounts connect; undefined when the configuration names no place. */
  readonly agents?: string
  /** Where health, readiness and figures are asked for; undefined when the configuration names no place. */
  readonly operations?: string
  readonly kernel: AssembledKernel
  /** Reads the policy files again. With a fault in any of them the policy in force stays. */
  reloadPolicies(): Promise<PolicyReload>
  /** Reads the certificate again, if the node has one. With a fault in it the one in use stays. */
  reloadCertificate(): Promise<void>
  /** Reads the configuration, its policies and its modules again. With a fault in any of them everything stays. */
  reload(): Promise<NodeReload>
}

/**
 * Starts everything, or nothing.
 * @throws StartError `node_running`, or `node_cannot_start` with every reason that was found.
 */
export async function startNode(init: StartNodeInit): Promise<RunningNode> {
  const { config, logger } = init
  const home = resolve(init.home)
  await using resources = new AsyncDisposableStack()
  const dispatcher = new Agent()
  resources.defer(() => dispatcher.destroy())
  const ready = await preflight({ ...init, home }, dispatcher, resources)
  try {
    // Before the kernel, so that it is the last to go: it says that the node is ending.
    const operations = config.operations && resources.use(await openOperations(config.operations))
    const tracer = config.telemetry && resources.use(await openTracer(config, (await openHome(home)).keys.signer.did))
    const observer = both(operations?.observer, tracer)
    const kernel = resources.use(await openKernel({ ...init, home }, ready, observer))
    attach(ready.offers, kernel)
    await settleClassifications(config, kernel)
    const reloader = reloaderOf({ ...init, home }, kernel, ready)
    const a2a = await openAgent(config, { kernel, logger, ca: ready.tls.ca }, resources)
    const node = operationsOf({ ...init, home }, kernel, reloader, ready, a2a)
    const { control, agents } = await openListeners(
      { home, config, kernel, node, logger, a2a, mcpObserver: operations?.mcp },
      resources,
    )
    resources.defer(reloader.watchPolicies(systemClock))
    const { registryUrls } = config
    const discover = (asked: DiscoverInit) => kernel.discoverPeers(asked)
    if (registryUrls.length > 0) kernel.routing.lookIn(registrySource({ registryUrls, discover }))
    resources.use(await openRegistries(config, { kernel, clock: systemClock, logger, ca: ready.tls.ca }))
    if (ready.webhook !== undefined)
      resources.use(startWebhook(ready.webhook, { kernel, config, logger, ready, operations }))
    operations?.started(kernel)
    const held = resources.move()
    const endpoint = kernel.endpoint ?? ''
    logger.info('node.started', { did: kernel.did, endpoint, control: control.url })
    return {
      did: kernel.did,
      endpoint,
      control: control.url,
      ...(agents === undefined ? {} : { agents: agents.url }),
      ...(operations === undefined ? {} : { operations: operations.url }),
      kernel,
      reloadPolicies: () => node.reloadPolicy(),
      reload: node.reload,
      async reloadCertificate() {
        await ready.tls.certificate?.reload()
      },
      async [Symbol.asyncDispose]() {
        operations?.stopping()
        // While everything that a running call may need is still there.
        await kernel.quiesce()
        await held.disposeAsync()
        logger.info('node.stopped', { did: kernel.did })
      },
    }
  } catch (error) {
    throw error instanceof StartError ? error : cannotStart([sentenceOf(error)], { cause: error })
  }
}

type Ready = {
  sources: PolicySource[]
  offers: ConfiguredOffers
  tls: OpenedTls
  webhook?: WebhookSettings
  witnessing?: WitnessingInit
}

/** Looks at everything that does not depend on anything else, and throws what it found in one error. */
async function preflight(
  { home, config, logger }: StartNodeInit,
  dispatcher: Agent,
  resources: AsyncDisposableStack,
): Promise<Ready> {
  const paths = homePaths(home)
  if (await isRunning(paths)) {
    const message = `A node is running in ${home} already. Ask it with: hansa status --home ${home}`
    throw new StartError({ code: 'node_running', home }, message)
  }
  const opened = await openHome(home).then(
    () => [],
    (error: unknown) => [sentenceOf(error)],
  )
  const policies = await checkedPolicies(config.policies)
  const port = await portState(config.listen)
  const tls = await openTls(config, { clock: systemClock, logger })
  const reach = { allowPrivate: config.allowPrivate, ...(tls.ca === undefined ? {} : { ca: tls.ca }) }
  const offers = resources.use(
    new ConfiguredOffers({
      clock: systemClock,
      logger,
      dispatcher,
      reach,
      detectors: compileDetectors(config),
      upstream: upstreamSettings(config, paths, tls),
    }),
  )
  const { webhook, faults: unsigned } = await readWebhook(config)
  const unkeyed = await issuerKeyFaults(config)
  const refused = await offers.prepare(config.capabilities)
  const { witnessing, faults: unwitnessed } = await readWitnessing(config, paths)
  const faults = [
    ...opened,
    ...(policies.ok ? [] : policies.faults),
    ...portFaults(config.listen, port),
    ...tls.faults,
    ...unsigned,
    ...unwitnessed,
    ...unkeyed,
    ...refused,
  ]
  if (!policies.ok || faults.length > 0) throw cannotStart(faults)
  return {
    sources: policies.sources,
    offers,
    tls,
    ...(webhook === undefined ? {} : { webhook }),
    ...(witnessing === undefined ? {} : { witnessing }),
  }
}

async function openKernel(
  { home, config, logger, onFatal }: StartNodeInit,
  { sources: policy, tls: { certificate, ca }, witnessing }: Ready,
  observer: CallObserver | undefined,
): Promise<AssembledKernel> {
  const {
    name,
    listen,
    publicUrl,
    tlsSpki,
    webSocket,
    allowPrivate,
    principal,
    peers,
    delegation,
    twoPersons,
    canaries,
    inFlight,
    publicLog,
    logReserveBytes,
    logMaxBytes,
    content,
    rotation,
    host,
    routing,
    replica,
    firstImport: rule,
    registryUrls,
  } = config
  const issuers = issuersOf(config, ca)
  const meaning = await openEmbeddings(config, ca)
  return createKernel({
    directory: home,
    listen,
    allowPrivate,
    logger,
    policy,
    principal,
    peers,
    canaries,
    inFlight,
    firstImport: { rule, registryUrls },
    ...(issuers === undefined ? {} : { issuers }),
    ...(observer === undefined ? {} : { observer }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(twoPersons === undefined ? {} : { twoPersons }),
    ...(witnessing === undefined ? {} : { witnessing }),
    ...(publicLog === undefined ? {} : { publicLog }),
    ...(logReserveBytes === undefined ? {} : { logReserveBytes }),
    ...(logMaxBytes === undefined ? {} : { logMaxBytes }),
    ...(content === undefined ? {} : { content }),
    ...(rotation === undefined ? {} : { rotation }),
    ...(host === undefined ? {} : { host }),
    ...(routing === undefined ? {} : { routing }),
    ...(replica === undefined ? {} : { replica }),
    ...(meaning === undefined ? {} : { meaning }),
    ...(name === undefined ? {} : { name }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(tlsSpki === undefined ? {} : { tlsSpki }),
    ...(webSocket === undefined ? {} : { webSocket }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(ca === undefined ? {} : { ca }),
    ...(onFatal === undefined ? {} : { onFatal }),
  })
}

/** @throws StartError that names every capability that was refused. */
function attach(offers: ConfiguredOffers, kernel: AssembledKernel): void {
  try {
    offers.attach(kernel.configured)
  } catch (error) {
    throw error instanceof ExchangeRefused ? cannotStart(error.faults) : error
  }
}

function reloaderOf(init: StartNodeInit, kernel: AssembledKernel, { sources, offers }: Ready): NodeReloader {
  const { home, config, logger } = init
  const fromHome = () => readConfig(homePaths(home).config, environmentOf(init))
  return new NodeReloader({ config, sources, readConfig: init.readConfig ?? fromHome, kernel, offers, logger })
}

function environmentOf({ home, environment }: StartNodeInit): Environment {
  return environment ?? { home }
}

function operationsOf(
  init: StartNodeInit,
  kernel: AssembledKernel,
  reloader: NodeReloader,
  { tls }: Ready,
  a2a: OpenedA2a | undefined,
): NodeOperations {
  const configPath = homePaths(init.home).config
  const classifying = { configPath, environment: environmentOf(init), kernel, reloader, clock: systemClock }
  return {
    reloadPolicy: (by) => reloader.reloadPolicies(by),
    policyFaults: () => reloader.policyFaults,
    async reload() {
      await tls.certificate?.reload()
      return reloader.reload()
    },
    classify: (params) => classify(params, classifying),
    async agentCard(agentsUrl) {
      if (a2a !== undefined) return a2a.card(agentsUrl.startsWith('unix:') ? 'http://localhost' : agentsUrl)
      const message =
        'unsupported: This node speaks no A2A. Set agents.listen and a2a in hansa.yaml, then start it again.'
      throw new CallError({ code: 'unsupported' }, message)
    },
    async logLines(params, signal) {
      if (init.lines === undefined)
        throw new CallError({ code: 'unsupported' }, 'unsupported: This node remembers no lines.')
      return init.lines.readOrWait(params, systemClock, signal)
    },
  }
}

/** What it needs is loaded only by a node that speaks A2A. */
async function openAgent(
  config: NodeConfig,
  { kernel, logger, ca }: { kernel: AssembledKernel; logger: EventLogger; ca: string | undefined },
  resources: AsyncDisposableStack,
): Promise<OpenedA2a | undefined> {
  if (config.a2a === undefined) return undefined
  const { openA2a } = await import('./start/open-a2a.ts')
  const components = { kernel, logger, clock: systemClock, ...(ca === undefined ? {} : { ca }) }
  return resources.use(await openA2a(config.a2a, config, components))
}

/** What it needs is loaded only by a node that is asked for figures. */
async function openOperations(listen: ListenAddress): Promise<Operations> {
  const operations = await import('./start/operations.ts')
  return operations.openOperations(listen)
}

async function openTracer({ telemetry, name = '' }: NodeConfig, did: Did): Promise<OtlpTracer> {
  const { otlpTracer } = await import('./operations/otlp-tracer.ts')
  const { otlp: url = '', ...rest } = telemetry ?? {}
  return otlpTracer({ url, name, did, ...rest })
}

function both(first: CallObserver | undefined, second: CallObserver | undefined): CallObserver | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return {
    now: () => first.now(),
    call(seen) {
      first.call(seen)
      second.call(seen)
    },
    evidence(kind) {
      for (const one of [first, second]) one.evidence?.(kind)
    },
    revocation(outcome) {
      for (const one of [first, second]) one.revocation?.(outcome)
    },
    handshakeRefused(code) {
      for (const one of [first, second]) one.handshakeRefused?.(code)
    },
    handshakeAlarm(by) {
      for (const one of [first, second]) one.handshakeAlarm?.(by)
    },
    breaker(state) {
      for (const one of [first, second]) one.breaker?.(state)
    },
    slowed(what) {
      for (const one of [first, second]) one.slowed?.(what)
    },
  }
}

type WebhookGround = Pick<StartNodeInit, 'config' | 'logger'> & {
  kernel: AssembledKernel
  ready: Ready
  operations: Operations | undefined
}

function startWebhook(settings: WebhookSettings, { kernel, config, logger, ready, operations }: WebhookGround) {
  const { ca } = ready.tls
  const fetch = webhookFetch(settings.url, { allowPrivate: config.allowPrivate, ...(ca === undefined ? {} : { ca }) })
  const observe = operations?.delivery
  const components = { kernel, fetch, clock: systemClock, logger, ...(observe === undefined ? {} : { observe }) }
  return approvalWebhook(settings, components)
}
