/**
 * `POST /hansa/v1/revocations`: a status each way, from both sides. Asking is telling: whoever asks has shown its own
 * revocations, and has those of the other side when it is answered.
 */
import {
  type Clock,
  type Did,
  exchangePaths,
  type InboundReply,
  type InboundRequest,
  MAX_REVOCATION_STATUS_BYTES,
  type PeerTransport,
} from '@hansa/protocols'
import { RateWindow } from '@hansa/trust'
import { claimedIssuer, limitAtSource } from '../exchange/claimed-issuer.ts'
import { refusalReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { StatusBook } from './status-book.ts'
import type { Statuses } from './statuses.ts'

/** Milliseconds for one exchange. */
const LIMIT_MS = 10_000
/** Exchanges in a row with one peer: more than it takes to hand over everything that may be held. */
const MAX_ROUNDS = 200

/** Statuses per minute: of one address and of all before a signature is checked, and of one kernel after. */
const PER_SOURCE = 300
const PER_MINUTE = 3_000
const PER_KERNEL = 240
const WINDOW_SECONDS = 60

export type StatusExchangeComponents = {
  self: Did
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
  statuses: Statuses
  known: StatusBook
  refusals: RefusalCounter
  /** Whether statuses are exchanged with a kernel at all. */
  isConnected(peer: Did): boolean
}

export class StatusExchange {
  readonly #c: StatusExchangeComponents
  readonly #window = new RateWindow({ maxKeys: 10_000 })
  readonly #running = new Map<Did, Promise<string | undefined>>()

  constructor(components: StatusExchangeComponents) {
    this.#c = components
  }

  /**
   * Until both sides hold what the other has revoked. Whoever comes while one is under way shares it.
   * @returns why it did not come to that
   */
  sync(peer: Did, endpoint: string): Promise<string | undefined> {
    const running = this.#running.get(peer) ?? this.#sync(peer, endpoint).finally(() => this.#running.delete(peer))
    this.#running.set(peer, running)
    return running
  }

  async #sync(peer: Did, endpoint: string): Promise<string | undefined> {
    const { self, statuses, known } = this.#c
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = known.holds(peer) ?? 0
      const heldBefore = statuses.held(peer)
      const sent = statuses.make(peer, { since: before })
      const reply = await this.#send(peer, endpoint, sent.jws)
      if (typeof reply === 'string') return reply
      const taken = await statuses.read(Buffer.from(reply.body).toString('latin1').trim(), { peer, request: sent.hash })
      if (!taken.ok) return taken.reason
      const { have, lost } = taken.status
      // Whoever handed something back has not yet seen that it is here again.
      if (taken.current && have >= statuses.held(self) && lost === undefined) return undefined
      const moved = have > before || statuses.held(peer) > heldBefore || lost !== undefined
      if (!moved && round > 0) return 'it does not say what it has revoked, or does not take what is revoked here'
    }
    return 'it has revoked more than can be followed'
  }

  /** The other side of it. */
  async serve({ body, source }: InboundRequest): Promise<InboundReply> {
    const { clock, refusals, statuses, isConnected } = this.#c
    const refuse = (who: string, reason: string, code: 'rate_limited' | 'invalid_request' = 'invalid_request') =>
      refusalReply(refusals, who, code, `a status of revocations: ${reason}`)
    const jws = Buffer.from(body).toString('latin1')
    const issuer = claimedIssuer(jws, MAX_REVOCATION_STATUS_BYTES)
    // Nobody believes the claim: it says only with whom it is counted, and whether the signature is worth checking.
    const claimed = issuer !== undefined && isConnected(issuer) ? issuer : undefined
    const limits = { ofSource: PER_SOURCE, ofKernel: PER_KERNEL, perSeconds: WINDOW_SECONDS }
    const unverified = [
      limitAtSource(source, claimed, limits),
      { key: '*', calls: PER_MINUTE, perSeconds: WINDOW_SECONDS },
    ]
    if (!this.#window.admitAll(unverified, clock.now()).ok) return refuse(source, 'too many', 'rate_limited')
    if (claimed === undefined) return refuse(source, 'its kernel has no session here')
    const taken = await statuses.read(jws)
    if (!taken.ok) return refuse(source, taken.reason)
    if (!this.#window.admit(`kernel ${claimed}`, PER_KERNEL, WINDOW_SECONDS, clock.now()))
      return refuse(claimed, 'too many', 'rate_limited')
    const { jws: answer } = statuses.make(claimed, { since: taken.status.have, request: taken.hash })
    return { status: 200, contentType: 'application/jose', body: Buffer.from(answer, 'latin1') }
  }

  async #send(peer: Did, endpoint: string, jws: string): Promise<{ body: Uint8Array } | string> {
    const { clock, transport } = this.#c
    const controller = new AbortController()
    const cancel = clock.after(LIMIT_MS, () => controller.abort())
    try {
      const reply = await transport.send({
        endpoint,
        peer,
        path: exchangePaths.revocations,
        method: 'POST',
        contentType: 'application/jose',
        body: Buffer.from(jws, 'latin1'),
        maxReplyBytes: MAX_REVOCATION_STATUS_BYTES,
        signal: controller.signal,
      })
      return reply.status === 200 ? reply : `it answered with status ${reply.status}`
    } catch (error) {
      return error instanceof Error ? error.message : 'it cannot be reached'
    } finally {
      cancel()
    }
  }
}
