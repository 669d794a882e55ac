/**
 * The manifest of this kernel: the same signed bytes while nothing changed and they are fresh, else the next one. Its
 * sequence number is stored before the manifest is served, so a restart or a restored backup never signs two manifests
 * under one number (wire.md: Manifest).
 */
import type { CapabilityManifest, Clock, Did, Endpoint, SignedManifest, Store, Withdrawal } from '@hansa/protocols'
import { HTTP_ENDPOINT_PROTO, WITHDRAWAL_TYP } from '@hansa/protocols'
import { type Signer, signJws, signManifest, taggedHash } from '@hansa/trust'
import type { Ledger } from '@hansa/trust/ledger'
import type { Events } from './event-outbox.ts'
import type { KernelInit, KernelLogs } from './kernel-components.ts'
import type { LocalCapabilities } from './local-capabilities.ts'
import type { PolicyHolder } from './policy-holder.ts'

/** Seconds that a manifest is valid, and after which the next one is made (security.md B2: half of it). */
export const MANIFEST_LIFE_SECONDS = 3_600
const RENEW_AFTER_SECONDS = MANIFEST_LIFE_SECONDS / 2

/** What a manifest can name. */
const MAX_LOGS = 16
const MAX_ENDPOINTS = 8

const NAMESPACE = 'manifest'
const LAST = 'last'

export type ManifestComponents = {
  self: Did
  signer: Signer
  clock: Clock
  store: Store
  ledger: Pick<Ledger, 'origin' | 'vkey'>
  /** Logs that were frozen before that one, the newest first. @default none */
  frozen?: readonly { origin: string; vkey: string }[]
  locals: LocalCapabilities
  policy: PolicyHolder
  events: Events
}

export type ManifestInit = {
  name?: string
  /** Base URL where peers reach this kernel; without it the manifest names no endpoint. */
  endpoint?: string
  /** Where peers reach it besides. */
  endpoints?: () => readonly Endpoint[]
  /** SHA-256 of the SPKI of each certificate, base64url, when the endpoint is https. */
  tls?: () => readonly string[]
  /** Verifier key under which this kernel cosigns the logs of others. */
  witness?: string
}

export class ManifestPublisher {
  readonly #c: ManifestComponents
  readonly #init: ManifestInit
  #last: { signed: SignedManifest; state: string } | undefined
  #making: Promise<SignedManifest> | undefined

  constructor(components: ManifestComponents, init: ManifestInit) {
    this.#c = components
    this.#init = init
  }

  /** The manifest to serve now. Callers that come while one is made share it. */
  current(): SignedManifest | Promise<SignedManifest> {
    const now = Math.floor(this.#c.clock.now() / 1000)
    const last = this.#last
    if (last !== undefined && last.state === this.#state() && now < last.signed.manifest.iat + RENEW_AFTER_SECONDS) {
      return last.signed
    }
    if (this.#making !== undefined) return this.#afterThis(this.#making)
    this.#making = this.#make(now).finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** @param changed told when other capabilities are offered; of what else a manifest says nobody is told. @returns ends it */
  watch(changed: () => void): () => void {
    return this.#c.locals.watch(changed)
  }

  /** What changed since that one was begun may not be in it. */
  async #afterThis(making: Promise<SignedManifest>): Promise<SignedManifest> {
    const state = this.#state()
    const signed = await making
    return this.#last?.signed === signed && this.#last.state === state ? signed : this.current()
  }

  /**
   * A tombstone for every manifest until now, to be passed on; the number of the next one is above its own.
   * @returns compact JWS
   */
  async withdraw(): Promise<{ jws: string; seq: number }> {
    await this.#making
    const { store, signer, clock, self } = this.#c
    const iat = Math.floor(clock.now() / 1000)
    const seq = Math.max(((await this.#before())?.seq ?? 0) + 1, iat)
    const withdrawal: Withdrawal = { v: 1, kernel_id: self, seq, iat, exp: iat + MANIFEST_LIFE_SECONDS }
    const { jws, payloadBytes } = signJws(signer, WITHDRAWAL_TYP, withdrawal)
    const hash = taggedHash('withdrawal', payloadBytes)
    await store.set(NAMESPACE, LAST, JSON.stringify({ seq, hash }))
    this.#last = undefined
    return { jws, seq }
  }

  /** The last number that was used. */
  async #before(): Promise<{ seq: number; hash: string } | undefined> {
    const stored = await this.#c.store.get(NAMESPACE, LAST)
    return stored === undefined ? undefined : (JSON.parse(stored) as { seq: number; hash: string })
  }

  /** Everything that a manifest speaks of; another state needs another manifest. */
  #state(): string {
    const keys = this.#init.tls?.().join(' ') ?? ''
    const places = JSON.stringify(this.#init.endpoints?.() ?? [])
    return `${this.#c.locals.generation}\n${this.#c.policy.version}\n${this.#c.signer.kid}\n${keys}\n${places}`
  }

  async #make(now: number): Promise<SignedManifest> {
    const { signer, events } = this.#c
    const state = this.#state()
    const before = await this.#before()
    const seq = Math.max((before?.seq ?? 0) + 1, now)
    const signed = signManifest(signer, this.#compose(now, seq, before?.hash ?? null))
    const value = JSON.stringify({ seq, hash: signed.hash })
    const published = { type: 'manifest.published', ext: { hash: signed.hash, seq } } as const
    await events.record(published, [{ namespace: NAMESPACE, key: LAST, value }])
    this.#last = { signed, state }
    return signed
  }

  #compose(now: number, seq: number, prev: string | null): CapabilityManifest {
    const { self, ledger, frozen = [], locals, policy } = this.#c
    const { name, endpoint, endpoints, tls, witness } = this.#init
    const single = endpoint === undefined ? [] : [{ proto: HTTP_ENDPOINT_PROTO, url: endpoint }]
    return {
      v: 1,
      kernel_id: self,
      ...(name === undefined ? {} : { name }),
      seq,
      prev,
      iat: now,
      exp: now + MANIFEST_LIFE_SECONDS,
      endpoints: [...single, ...(endpoints?.() ?? [])].slice(0, MAX_ENDPOINTS),
      // The current log first: whoever has seen one of the others learns here that it has ended.
      logs: [{ origin: ledger.origin, vkey: ledger.vkey }, ...frozen].slice(0, MAX_LOGS),
      ...(tls === undefined ? {} : { tls: [...tls()] }),
      policy: { version: policy.version, min_version: policy.version, hash: policy.current.hash },
      capabilities: locals.descriptors(),
      ...(witness === undefined ? {} : { ext: { witness: { vkey: witness } } }),
    }
  }
}

/** A frozen log, as a manifest names it. */
export function inManifest({ link }: KernelLogs['frozen'][number]): { origin: string; vkey: string } {
  return { origin: link.previous.origin, vkey: link.vkey }
}

/** What of a kernel everybody may see. */
export function publicFace({
  name,
  endpoint,
  endpoints,
  tls,
}: KernelInit): Pick<KernelInit, 'name' | 'endpoint' | 'endpoints' | 'tls'> {
  return {
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(name === undefined ? {} : { name }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(tls === undefined ? {} : { tls }),
  }
}
