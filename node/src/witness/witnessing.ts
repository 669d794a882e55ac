/**
 * What a kernel does for the logs of others as a witness, and what it asks of witnesses for its own: assembled here, so
 * that `assemble-kernel.ts` names one part.
 */
import type { GuardedFetch } from '@hansa/mesh'
import type { Clock, Did, EventLogger, KernelStatus, PeerTransport, Store } from '@hansa/protocols'
import {
  cosignerKey,
  type Ledger,
  type NotedHead,
  parseVkey,
  type TlogPolicy,
  verifyCheckpoint,
} from '@hansa/trust/ledger'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { LogGossip } from '../gossip/log-gossip.ts'
import { witnessName } from '../home/witness-seed.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import { CosignCollector } from './cosign-collector.ts'
import { QuorumWatch } from './quorum-watch.ts'
import { serveWitness } from './serve-witness.ts'
import { WitnessBook } from './witness-book.ts'
import { witnessClient } from './witness-client.ts'

export type WitnessingInit = {
  /** Verifier keys of logs that are cosigned besides those of imported kernels. @default none */
  logs?: readonly string[]
  /** Who has to cosign the own log, with the URL of each that is asked. @default nobody */
  policy?: TlogPolicy
  /** What becomes of WRITE and DESTRUCTIVE calls while the own log has had no quorum for ten minutes. @default 'refuse' */
  withoutQuorum?: 'refuse' | 'permit'
}

export type WitnessingComponents = {
  self: Did
  /** 32 bytes. */
  seed: Uint8Array
  store: Store
  clock: Clock
  logger: EventLogger
  ledger: Ledger
  fetch: GuardedFetch
  transport: PeerTransport
  refusals: RefusalCounter
  imports: Pick<ImportDesk, 'logKeys' | 'logOwner' | 'endpoints'>
  /** Where a log with two histories is reported, and what is known of such. */
  evidence: Pick<LogGossip, 'forks' | 'evidence'>
}

/** Logs of others that a status names. */
const MAX_SHOWN = 100

export class Witnessing {
  readonly book: WitnessBook
  readonly services: ReturnType<typeof serveWitness>
  readonly #collector: CosignCollector | undefined
  readonly #watch: QuorumWatch | undefined
  readonly #permits: boolean
  readonly #ledger: Ledger
  readonly #evidence: WitnessingComponents['evidence']['evidence']

  /** @throws Error when what was cosigned before cannot be read; RangeError for a configured key that is none. */
  static async open(components: WitnessingComponents, init: WitnessingInit = {}): Promise<Witnessing> {
    const { self, seed, store, clock, imports } = components
    const configured = keysByOrigin(init.logs ?? [])
    const book = await WitnessBook.open({
      store,
      clock,
      key: cosignerKey(witnessName(self), seed),
      forked: (first, second) => reportFork(components, first, second),
      keysOf: (origin) =>
        isConvicted(components, origin)
          ? []
          : [...new Set([...(configured.get(origin) ?? []), ...imports.logKeys(origin)])],
    })
    const witnessing = new Witnessing(components, book, init)
    await witnessing.#begin()
    return witnessing
  }

  private constructor(components: WitnessingComponents, book: WitnessBook, { policy, withoutQuorum }: WitnessingInit) {
    const { clock, logger, ledger, fetch, transport, refusals, imports } = components
    this.book = book
    this.services = serveWitness({ book, clock, refusals })
    this.#ledger = ledger
    this.#evidence = components.evidence.evidence
    this.#permits = withoutQuorum === 'permit'
    if (policy === undefined) return
    const send = witnessClient({ clock, fetch, transport, endpoints: () => imports.endpoints() })
    this.#collector = new CosignCollector({ ledger, clock, logger, policy, send })
    if (policy.quorum !== undefined) this.#watch = new QuorumWatch({ ledger, clock, logger })
  }

  /** What calls that change something depend on; undefined when they depend on no witness. */
  get guard(): QuorumWatch | undefined {
    return this.#permits ? undefined : this.#watch
  }

  status(): NonNullable<KernelStatus['witnessing']> {
    const known = this.book.list()
    const logs = known.slice(0, MAX_SHOWN).map(({ checkpoint: { origin, size }, time }) => ({ origin, size, time }))
    const forks = this.#evidence
      .list()
      .slice(0, MAX_SHOWN)
      .map(({ peer, proof: { claim, log, at } }) => ({ peer, claim, origin: log.origin, at }))
    return {
      vkey: this.book.vkey,
      cosigned: known.length,
      logs,
      forks,
      ...(this.#collector === undefined ? {} : { own: this.#own(this.#collector) }),
    }
  }

  /** Asks nobody any more. Call it before the log is closed. */
  close(): void {
    this.#collector?.close()
  }

  async #begin(): Promise<void> {
    await this.#watch?.look()
    this.#collector?.start(async () => this.#watch?.look())
  }

  #own(collector: CosignCollector): NonNullable<NonNullable<KernelStatus['witnessing']>['own']> {
    const since = this.#watch?.sinceMs
    const state = this.#watch?.degraded === true ? 'degraded' : since === undefined ? 'quorum' : 'waiting'
    return {
      state,
      size: this.#ledger.cosigned.last?.head.size ?? 0,
      ...(since === undefined ? {} : { since: Math.floor(since / 1000) }),
      writes: this.#permits || this.#watch?.degraded !== true,
      witnesses: collector.states(),
    }
  }
}

/** Nobody vouches for a log that is known to have two histories. */
function isConvicted({ imports, evidence }: WitnessingComponents, origin: string): boolean {
  const owner = imports.logOwner(origin)
  return owner !== undefined && evidence.evidence.bars(owner) !== undefined
}

/** Of a log that belongs to an imported kernel; of any other one the witness refuses, and that is all. */
function reportFork({ imports, evidence, logger }: WitnessingComponents, first: string, second: string): void {
  const origin = first.slice(0, first.indexOf('\n'))
  const owner = imports.logOwner(origin)
  const [vkey] = imports.logKeys(origin)
  const [one, other] = [noted(first, vkey), noted(second, vkey)]
  if (owner === undefined || vkey === undefined || one === undefined || other === undefined) return
  evidence.forks
    .compare(owner, { origin, vkey }, one, other)
    .catch((error: unknown) => logger.error('gossip.failed', faultFields(error)))
}

function noted(note: string, vkey: string | undefined): NotedHead | undefined {
  const verdict = vkey === undefined ? undefined : verifyCheckpoint(note, vkey)
  return verdict?.ok === true ? { checkpoint: verdict.checkpoint, note } : undefined
}

function keysByOrigin(vkeys: readonly string[]): Map<string, string[]> {
  const byOrigin = new Map<string, string[]>()
  for (const vkey of vkeys) {
    const verdict = parseVkey(vkey)
    if (!verdict.ok) throw new RangeError(`not the verifier key of a log: ${verdict.reason}`)
    const { name } = verdict.verifier
    byOrigin.set(name, [...(byOrigin.get(name) ?? []), vkey])
  }
  return byOrigin
}
