/**
 * The certificate that a node shows, and what follows when it is replaced: new connections get the new one, those that
 * are open stay, and the manifest names the old key for as long as sessions live that are bound to it. A new pair that
 * cannot be used changes nothing.
 */
import { SESSION_LIFE_SECONDS } from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import { periodic } from '../kernel/periodic.ts'
import {
  type CertificateFiles,
  type CertificatePair,
  type CertificateReading,
  certificateWarnings,
  filesVersion,
  readCertificatePair,
} from './certificate-files.ts'

export type ServedCertificateInit = {
  files: CertificateFiles
  /** Keys that the manifest names besides: of a certificate that comes next. SHA-256 of the SPKI, base64url. */
  further?: readonly string[]
}

export type ServedCertificateComponents = { clock: Clock; logger: EventLogger }

export type CertificateReload = { ok: true; changed: boolean } | { ok: false; faults: readonly string[] }

/** Keys that a manifest has room for. */
const MAX_KEYS = 8
/** A session that was bound to a key lives no longer than this after the key's last new connection; clocks may differ. */
const RETIRING_MS = (SESSION_LIFE_SECONDS + 60) * 1_000
/** How often it is looked whether the files have changed, milliseconds. */
export const CERTIFICATE_PERIOD_MS = 2_000
/** How often it is said that a certificate ends soon, milliseconds. */
const WARN_PERIOD_MS = 86_400_000

export class ServedCertificate {
  readonly #init: ServedCertificateInit
  readonly #c: ServedCertificateComponents
  readonly #listeners: ((pair: CertificatePair) => void)[] = []
  /** The key that was replaced last comes first. */
  #retiring: { spki: string; untilMs: number }[] = []
  #pair: CertificatePair
  /** Of the files, when they were last read. */
  #read: string
  /** Of the files, at the last look. */
  #seen: string
  #reloading: Promise<unknown> = Promise.resolve()
  #warnedMs = 0

  /** @returns the faults of the files as sentences, when they cannot be used. */
  static async open(
    init: ServedCertificateInit,
    components: ServedCertificateComponents,
  ): Promise<{ ok: true; certificate: ServedCertificate } | Extract<CertificateReading, { ok: false }>> {
    const version = await filesVersion(init.files)
    const reading = await readCertificatePair(init.files)
    if (!reading.ok) return reading
    return { ok: true, certificate: new ServedCertificate(init, components, reading.pair, version) }
  }

  private constructor(
    init: ServedCertificateInit,
    components: ServedCertificateComponents,
    pair: CertificatePair,
    version: string,
  ) {
    this.#init = init
    this.#c = components
    this.#pair = pair
    this.#read = version
    this.#seen = version
    this.#warn()
  }

  get pair(): CertificatePair {
    return this.#pair
  }

  /** What the manifest names now: the key in use, those that sessions may still be bound to, those that come next. */
  keys(): string[] {
    const now = this.#c.clock.now()
    this.#retiring = this.#retiring.filter(({ untilMs }) => now < untilMs)
    const retiring = this.#retiring.map(({ spki }) => spki)
    return [...new Set([this.#pair.spki, ...retiring, ...(this.#init.further ?? [])])].slice(0, MAX_KEYS)
  }

  /** Told of each new pair, before `reload` resolves. */
  onChange(listener: (pair: CertificatePair) => void): void {
    this.#listeners.push(listener)
  }

  /** Reads the files again. With a fault in them the pair in use stays, and the log says why. */
  reload(): Promise<CertificateReload> {
    const reload = this.#reloading.then(() => this.#reload())
    this.#reloading = reload.catch(() => undefined)
    return reload
  }

  /** Reads the files when they have changed and lie still again. @returns ends it. */
  watch(): () => void {
    const failed = (error: unknown) => this.#c.logger.error('tls.not_watched', { reason: String(error) })
    return periodic(this.#c.clock, CERTIFICATE_PERIOD_MS, () => this.#look(), failed)
  }

  async #look(): Promise<void> {
    const before = this.#seen
    this.#seen = await filesVersion(this.#init.files)
    // One of the two files may be written still: what moved since the last look is left until the next one.
    if (this.#seen !== '' && this.#seen === before && this.#seen !== this.#read) await this.reload()
    if (this.#c.clock.now() - this.#warnedMs >= WARN_PERIOD_MS) this.#warn()
  }

  async #reload(): Promise<CertificateReload> {
    this.#read = await filesVersion(this.#init.files)
    const reading = await readCertificatePair(this.#init.files)
    if (!reading.ok) {
      this.#c.logger.error('tls.not_reloaded', { faults: reading.faults.join('\n') })
      return reading
    }
    const { pair } = reading
    if (pair.certificate === this.#pair.certificate && pair.key === this.#pair.key) return { ok: true, changed: false }
    this.#take(pair)
    return { ok: true, changed: true }
  }

  #take(pair: CertificatePair): void {
    const { spki } = this.#pair
    if (spki !== pair.spki) this.#retiring.unshift({ spki, untilMs: this.#c.clock.now() + RETIRING_MS })
    // The manifest names the new key before a connection shows it.
    this.#pair = pair
    for (const listener of this.#listeners) listener(pair)
    this.#c.logger.info('tls.reloaded', { spki: pair.spki, until: new Date(pair.validToMs).toISOString() })
    this.#warn()
  }

  #warn(): void {
    this.#warnedMs = this.#c.clock.now()
    for (const reason of certificateWarnings(this.#pair, this.#c.clock.now()))
      this.#c.logger.warn('tls.certificate', { reason })
  }
}
