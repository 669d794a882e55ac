/**
 * Reads what a running node was started with again: configuration, policies and capabilities, one time after the other.
 * Everything is prepared first; a fault anywhere keeps all of it as it was.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock, EventLogger, NodeReload, PolicyReload } from '@hansa/protocols'
import type { PolicySource } from '@hansa/trust'
import { type NodeConfig, readPolicies } from '../config/index.ts'
import { ExchangeRefused } from '../kernel/configured-capabilities.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { periodic } from '../kernel/periodic.ts'
import type { ConfiguredOffers } from './configured-offers.ts'
import { sentenceOf } from './errors.ts'
import { POLICY_PERIOD_MS, PolicyFiles } from './policy-files.ts'
import { checkPolicies } from './preflight.ts'

/** A part of the node that takes in a new configuration. */
export interface Reloadable {
  /** Keys of the configuration that it takes in. */
  readonly keys: readonly (keyof NodeConfig)[]
  prepare(next: NodeConfig): Promise<PreparedReload>
}

export type PreparedReload =
  /** `commit` does not fail. */
  { ok: true; commit(): Promise<void>; discard(): Promise<void> } | { ok: false; faults: string[] }

export type NodeReloaderInit = {
  /** What the node was started with. */
  config: NodeConfig
  sources: readonly PolicySource[]
  readConfig(): Promise<NodeConfig>
  kernel: AssembledKernel
  offers: ConfiguredOffers
  /** @default none */
  parts?: readonly Reloadable[]
  logger: EventLogger
}

/** Names of keys as an operator writes them, where they differ. */
const writtenAs: Partial<Record<keyof NodeConfig, string>> = {
  publicUrl: 'public_url',
  twoPersons: 'policy_changes.two_persons',
  tlsSpki: 'tls_spki',
  webSocket: 'web_socket',
  allowPrivate: 'allow_private',
  logLevel: 'log_level',
  registryUrls: 'registries',
  tokenClients: 'token_exchange',
  inFlight: 'limits',
  publicLog: 'log.public',
  content: 'audit',
  logReserveBytes: 'limits.log_reserve_mib',
  logMaxBytes: 'limits.log_max_gib',
}

export class NodeReloader {
  readonly #init: NodeReloaderInit
  #config: NodeConfig
  readonly #policies: PolicyFiles
  #work: Promise<unknown> = Promise.resolve()

  constructor(init: NodeReloaderInit) {
    this.#init = init
    this.#config = init.config
    const { kernel, logger } = init
    const load = async (sources: readonly PolicySource[], by?: string) => {
      const loaded = await kernel.loadPolicy(sources, by)
      const { rules, version } = (await kernel.status()).policy
      return { rules, version, ...(loaded.inForce ? {} : { pending: loaded.pending.id }) }
    }
    this.#policies = new PolicyFiles(init.sources, { load, logger })
  }

  /** The configuration as it was read last, whatever of it takes a restart. */
  get config(): NodeConfig {
    return this.#config
  }

  reload(): Promise<NodeReload> {
    return this.#next(() => this.#reload())
  }

  /** The policy files alone. */
  reloadPolicies(by?: string): Promise<PolicyReload> {
    return this.#next(async () => this.#policies.take(await readPolicies(this.#config.policies), by))
  }

  /** Why the policy files are not the policy in force; empty when they are. */
  get policyFaults(): readonly string[] {
    return this.#policies.faults
  }

  /** Has changed policy files put in force by themselves. @returns ends it. */
  watchPolicies(clock: Clock): () => void {
    const look = () => this.#next(async () => this.#policies.look(await readPolicies(this.#config.policies)))
    const failed = (error: unknown) => this.#init.logger.error('policy.watch_failed', { reason: sentenceOf(error) })
    return periodic(clock, POLICY_PERIOD_MS, look, failed)
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {})
    return done
  }

  async #reload(): Promise<NodeReload> {
    const { kernel, offers, readConfig, parts = [] } = this.#init
    let next: NodeConfig
    try {
      next = await readConfig()
    } catch (error) {
      return this.#refused([sentenceOf(error)])
    }
    const reading = await readPolicies(next.policies)
    const policies = checkPolicies(reading)
    const change = await offers.change(next.capabilities)
    const prepared = await Promise.all(parts.map((part) => part.prepare(next)))
    const discard = async () => {
      for (const each of [change, ...prepared]) if (each.ok) await each.discard()
    }
    const faults = [policies, change, ...prepared].flatMap((each) => (each.ok ? [] : each.faults))
    if (!policies.ok) this.#policies.refuse(reading, policies.faults)
    if (!policies.ok || !change.ok || faults.length > 0) {
      await discard()
      return this.#refused(faults)
    }
    try {
      const exchanged = change.commit()
      for (const each of prepared) if (each.ok) await each.commit()
      if (!this.#policies.isInForce(policies.sources)) await this.#policies.take(reading)
      const needsRestart = this.#needsRestart(next, parts)
      this.#config = next
      this.#init.logger.info('node.reloaded', { needs_restart: needsRestart.join(', ') })
      return { ok: true, ...exchanged, rules: (await kernel.status()).policy.rules, needsRestart }
    } catch (error) {
      if (!(error instanceof ExchangeRefused)) throw error
      await discard()
      return this.#refused([...error.faults])
    }
  }

  #needsRestart(next: NodeConfig, parts: readonly Reloadable[]): string[] {
    const taken = new Set<string>(['capabilities', 'policies', ...parts.flatMap(({ keys }) => keys)])
    const { config } = this.#init
    const keys = [...new Set([...Object.keys(config), ...Object.keys(next)])] as (keyof NodeConfig)[]
    const changed = keys.filter((key) => !taken.has(key) && !isDeepStrictEqual(config[key], next[key]))
    return changed.map((key) => writtenAs[key] ?? key)
  }

  #refused(faults: string[]): NodeReload {
    this.#init.logger.error('node.not_reloaded', { faults: faults.join('\n') })
    return { ok: false, faults }
  }
}
