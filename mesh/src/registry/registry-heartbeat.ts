/**
 * Keeps this kernel's listing in a registry alive and current: a periodic job, whose schedule belongs to whoever composes
 * the node. One tick registers what the registry does not have and renews what it has.
 */
import type { Clock, EventLogger, SignedManifest } from '@hansa/protocols'
import type { Signer } from '@hansa/trust'
import type { RegistryClient, RegistryFault } from './registry-client.ts'

export type HeartbeatTick =
  | { ok: true; did: 'registered' | 'renewed' /** Unix seconds. */; expires: number }
  | RegistryFault

export interface RegistryHeartbeat {
  /** Seconds between two ticks that keep the listing alive when one of them fails. */
  readonly intervalSeconds: number
  tick(signal?: AbortSignal): Promise<HeartbeatTick>
  /**
   * Takes the listing back, at the end of the node's life. Nothing is sent when nothing was registered.
   * @returns the `seq` of the withdrawal: the next manifest needs a higher one.
   */
  withdraw(signal?: AbortSignal): Promise<{ ok: true; seq?: number } | RegistryFault>
}

export type RegistryHeartbeatComponents = {
  client: RegistryClient
  signer: Signer
  clock: Clock
  /** The manifest that is served now. */
  manifest(): SignedManifest | Promise<SignedManifest>
  logger: EventLogger
}

export type RegistryHeartbeatInit = {
  /** How long a listing lives without another heartbeat, seconds. @default 90 */
  lifeSeconds?: number
}

/** Seconds within which a withdrawal has to arrive. */
const WITHDRAWAL_LIFE_SECONDS = 300

export function registryHeartbeat(
  init: RegistryHeartbeatInit = {},
): (components: RegistryHeartbeatComponents) => RegistryHeartbeat {
  return (components) => new Heartbeat(components, init.lifeSeconds ?? 90)
}

class Heartbeat implements RegistryHeartbeat {
  readonly intervalSeconds: number
  readonly #components: RegistryHeartbeatComponents
  readonly #lifeSeconds: number
  #registered: number | undefined
  #reachable = true

  constructor(components: RegistryHeartbeatComponents, lifeSeconds: number) {
    this.#components = components
    this.#lifeSeconds = lifeSeconds
    this.intervalSeconds = Math.max(1, Math.floor(lifeSeconds / 3))
  }

  async tick(signal?: AbortSignal): Promise<HeartbeatTick> {
    const signed = await this.#components.manifest()
    const renewed = this.#registered === signed.manifest.seq ? await this.#renew(signed, signal) : undefined
    const result = renewed === undefined || hasNoListing(renewed) ? await this.#register(signed, signal) : renewed
    this.#report(result)
    return result
  }

  async withdraw(signal?: AbortSignal): Promise<{ ok: true; seq?: number } | RegistryFault> {
    if (this.#registered === undefined) return { ok: true }
    const { client, signer } = this.#components
    const iat = this.#now()
    const seq = Math.max(this.#registered + 1, iat)
    const reply = await client.withdraw(signer, { seq, iat, exp: iat + WITHDRAWAL_LIFE_SECONDS }, signal)
    if (!reply.ok) return reply
    this.#registered = undefined
    return { ok: true, seq }
  }

  async #register(signed: SignedManifest, signal?: AbortSignal): Promise<HeartbeatTick> {
    const reply = await this.#components.client.register(signed, signal)
    if (!reply.ok) return reply
    this.#registered = signed.manifest.seq
    return { ok: true, did: 'registered', expires: reply.value.expires }
  }

  async #renew(signed: SignedManifest, signal?: AbortSignal): Promise<HeartbeatTick> {
    const { client, signer } = this.#components
    const iat = this.#now()
    const reply = await client.renew(signer, { seq: signed.manifest.seq, iat, exp: iat + this.#lifeSeconds }, signal)
    return reply.ok ? { ok: true, did: 'renewed', expires: reply.value.expires } : reply
  }

  /** Once when it fails and once when it works again, not with every tick. */
  #report(result: HeartbeatTick): void {
    if (result.ok === this.#reachable) return
    this.#reachable = result.ok
    if (result.ok) this.#components.logger.info('registry.restored', { expires: result.expires })
    else this.#components.logger.warn('registry.failed', { code: result.code, reason: result.reason })
  }

  #now(): number {
    return Math.floor(this.#components.clock.now() / 1000)
  }
}

/** The listing ran out, or the registry lost its memory: it has to be told again. */
function hasNoListing(tick: HeartbeatTick): boolean {
  return !tick.ok && (tick.code === 'not_found' || tick.code === 'descriptor_mismatch')
}
