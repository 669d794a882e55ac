/**
 * Asks witnesses to cosign the newest checkpoint of the own log, in the background and one round at a time, and keeps the
 * checkpoint beside the log once the policy's quorum has. Nothing of a call waits for it.
 */
import type { Clock, EventLogger } from '@hansa/protocols'
import {
  type CosignerVerifier,
  checkQuorum,
  formatSubmission,
  type Ledger,
  readSubmissionAnswer,
  type TlogPolicy,
  verifyCosignatures,
  withSignaturesOf,
} from '@hansa/trust/ledger'
import { faultFields } from '../kernel/fault-fields.ts'
import { periodic } from '../kernel/periodic.ts'
import type { SendToWitness } from './witness-client.ts'

/** From the end of one round to the beginning of the next, milliseconds. */
export const ROUND_MS = 2_000
/** How long a witness that failed is left alone: doubled with each failure, milliseconds. */
const FIRST_PAUSE_MS = 2_000
const MAX_PAUSE_MS = 60_000
/** A witness knows another size than expected once, and not twice. */
const MAX_ASKED = 2

export type CollectorComponents = {
  ledger: Pick<Ledger, 'head' | 'checkpointNote' | 'consistency' | 'cosigned'>
  clock: Clock
  logger: EventLogger
  policy: TlogPolicy
  send: SendToWitness
}

/** A witness of the policy, as it was last heard of. */
export type WitnessState = {
  name: string
  vkey: string
  url: string
  /** Entries that it cosigned last. */
  size?: number
  /** When, as it says, Unix seconds. */
  time?: number
  /** Why the last request failed; absent when it did not. */
  fault?: string
}

type Asked = {
  verifier: CosignerVerifier
  state: WitnessState
  failures: number
  notBefore: number
  known: number | undefined
}
type Round = { size: number; note: string; lines: Map<Asked, string> }

export class CosignCollector {
  readonly #c: CollectorComponents
  readonly #witnesses: Asked[]
  #round: Round | undefined
  #stop: (() => void) | undefined

  constructor(components: CollectorComponents) {
    this.#c = components
    this.#witnesses = components.policy.witnesses.flatMap(({ name, verifier, url }) => {
      if (url === undefined) return []
      const state = { name, vkey: verifier.vkey, url }
      return [{ verifier, state, failures: 0, notBefore: 0, known: components.ledger.cosigned.last?.head.size }]
    })
  }

  states(): WitnessState[] {
    return this.#witnesses.map(({ state }) => ({ ...state }))
  }

  /** @param afterRound runs after each round. */
  start(afterRound: () => Promise<void>): void {
    const { clock, logger } = this.#c
    const round = async () => {
      await this.collect()
      await afterRound()
    }
    this.#stop = periodic(clock, ROUND_MS, round, (error) => logger.error('witness.round_failed', faultFields(error)))
  }

  close(): void {
    this.#stop?.()
  }

  /** One round: every witness that has not cosigned the newest checkpoint, and is not left alone now. */
  async collect(): Promise<void> {
    const { ledger, clock, policy } = this.#c
    const { size } = ledger.head()
    if (size === 0) return
    if (this.#round?.size !== size) this.#round = { size, note: ledger.checkpointNote(), lines: new Map() }
    const round = this.#round
    const due = this.#witnesses.filter((witness) => !round.lines.has(witness) && witness.notBefore <= clock.now())
    const before = round.lines.size
    await Promise.all(due.map((witness) => this.#ask(witness, round)))
    // Also again, when it could not be kept the last time.
    const isKept = ledger.cosigned.last?.head.size === size
    if (round.lines.size === 0 || (isKept && round.lines.size === before)) return
    const note = round.note + [...round.lines.values()].join('')
    if (checkQuorum(note, policy).reached) await ledger.cosigned.keep(note)
  }

  async #ask(witness: Asked, round: Round): Promise<void> {
    const outcome = await this.#exchange(witness, round).catch((error: unknown) => ({ fault: messageOf(error) }))
    if ('fault' in outcome) return this.#failed(witness, outcome.fault)
    const { name, vkey, url } = witness.state
    witness.state = { name, vkey, url, size: round.size, time: outcome.time }
    witness.known = round.size
    if (witness.failures > 0) this.#c.logger.info('witness.answers', { witness: name })
    witness.failures = 0
    round.lines.set(witness, outcome.line)
  }

  async #exchange(witness: Asked, { size, note }: Round): Promise<{ line: string; time: number } | { fault: string }> {
    const { ledger, send } = this.#c
    for (let asked = 0; asked < MAX_ASKED; asked++) {
      const old = Math.min(witness.known ?? 0, size)
      const proof = old === 0 ? [] : await ledger.consistency(old, size)
      const { status, body } = await send(witness.state.url, Buffer.from(formatSubmission(old, proof, note)))
      const answer = readSubmissionAnswer(status, body)
      if (answer.kind === 'cosigned') return cosignatureIn(note, answer.lines, witness.verifier)
      if (answer.kind === 'refused') return { fault: refusalText(status) }
      if (answer.size > size) return this.#ahead(witness, answer.size, size)
      witness.known = answer.size
    }
    return { fault: 'it names another size each time' }
  }

  /** More of this log than there is: what a copy of an older state looks like from outside, or a stolen key. */
  #ahead({ state, failures }: Asked, theirs: number, size: number): { fault: string } {
    // A newer checkpoint of this very log may have been cut meanwhile; then the next round knows it.
    if (theirs <= this.#c.ledger.head().size) return { fault: 'a newer checkpoint is on its way' }
    if (failures === 0) this.#c.logger.error('witness.ahead', { witness: state.name, size: theirs, entries: size })
    return { fault: `it has cosigned ${theirs} entries of this log, which has ${size}` }
  }

  #failed(witness: Asked, fault: string): void {
    const { clock, logger } = this.#c
    if (witness.failures === 0) logger.warn('witness.failed', { witness: witness.state.name, reason: fault })
    witness.notBefore = clock.now() + Math.min(FIRST_PAUSE_MS * 2 ** witness.failures, MAX_PAUSE_MS)
    witness.failures += 1
    witness.state = { ...witness.state, fault }
  }
}

function cosignatureIn(
  note: string,
  lines: string,
  witness: CosignerVerifier,
): { line: string; time: number } | { fault: string } {
  const verdict = verifyCosignatures(note + lines, [witness])
  if (!verdict.ok) return { fault: `its answer does not verify: ${verdict.reason}` }
  const [cosignature] = verdict.cosignatures
  const own = withSignaturesOf(note + lines, [witness])?.slice(verdict.text.length + 1)
  if (cosignature === undefined || own === undefined) return { fault: 'it answered with the signature of another key' }
  // A note holds so many lines: with more than one of each witness, one of them could leave no room for the others.
  if (own.indexOf('\n') !== own.length - 1) return { fault: 'it answered with more than one signature' }
  return { line: own, time: cosignature.time }
}

function refusalText(status: number): string {
  if (status === 404)
    return 'it does not know this log: its operator has to import this kernel, or to name the key of its log'
  if (status === 403) return 'it trusts another key of this log'
  if (status === 422) return 'it has seen another history of this log'
  if (status === 429 || status === 503) return 'it is busy'
  return `it answered with status ${status}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 256) : 'it cannot be reached'
}
