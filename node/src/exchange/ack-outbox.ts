/**
 * Acknowledgements on their way to the kernels whose receipts arrived. One request per peer at a time; what is added
 * meanwhile goes with the next one, so under load many calls share a request, a statement and an entry of the other log.
 *
 * Nothing waits for an acknowledgement, and none is lost: `acks.delivered` says up to which entry a peer has them, and
 * after a restart the rest is sent again. The peer takes the same one twice.
 */
import type { Clock, Did, Entry, EntryDraft, EventLogger, PeerTransport } from '@hansa/protocols'
import { exchangePaths, MAX_ACKED_RECEIPTS } from '@hansa/protocols'
import type { BatchSigner } from '@hansa/trust'
import { type Appended, linkOf } from '@hansa/trust/ledger'

/** Sequence number of a receipt in a log before this one. */
const BEFORE_THIS_LOG = -1
/** How long acknowledgements gather before they are sent, unless they fill a statement before. */
const GATHER_TURNS = 40
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 300_000
/** The same once the peer has answered something else: sooner than a missing acknowledgement is evidence. */
const HASTENED_RETRY_MS = 5_000

/** Added in the order of the log; sent only when the entry of the receipt is durable. */
type Waiting = {
  seq: number
  callId: string
  receiptHash: string
  withheld: boolean
  durable?: Promise<void>
  /** Another request has it, and says later whether it still is to be sent. */
  reserved?: boolean
}
/** What waits for each peer, as JSON, in the order of the log. */
export type AckOutboxState = [peer: Did, waiting: Omit<Waiting, 'durable' | 'reserved'>[]][]
type Lane = { waiting: Waiting[]; sending: boolean; failures: number; retry?: { atMs: number; cancel(): void } }

/** An acknowledgement that goes alone, because a result waits for it. */
export type ReservedAck = {
  /** The peer has it. */
  delivered(): void
  /** It may not have arrived: it goes with the others, and says that the result did not come. */
  release(): void
}

/**
 * Lets more gather for some turns of the event loop: nobody waits for an acknowledgement, and under load one request and
 * one statement then serve many calls. A turn is short when nothing else happens.
 */
async function gather(lane: Lane): Promise<void> {
  for (let turn = 0; turn < GATHER_TURNS && lane.waiting.length < MAX_ACKED_RECEIPTS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

export type AckOutboxComponents = {
  clock: Clock
  logger: EventLogger
  transport: PeerTransport
  signer: BatchSigner
  append(draft: EntryDraft): Appended
  /** Where the peer is reached; undefined when it is no longer imported. */
  endpointOf(peer: Did): string | undefined
}

export class AckOutbox {
  readonly #c: AckOutboxComponents
  readonly #lanes = new Map<Did, Lane>()
  #idle: (() => void)[] = []
  #closed = false

  constructor(components: AckOutboxComponents) {
    this.#c = components
  }

  /** Receipts that are not acknowledged yet. */
  get waiting(): number {
    let sum = 0
    for (const lane of this.#lanes.values()) sum += lane.waiting.length
    return sum
  }

  add(peer: Did, waiting: Waiting): void {
    if (this.#closed) return
    const lane = this.#lane(peer)
    lane.waiting.push(waiting)
    if (lane.retry === undefined) void this.#drain(peer, lane)
    else this.#hasten(peer, lane)
  }

  /** As `add`, but nothing is sent before `release`. */
  reserve(peer: Did, init: Omit<Waiting, 'withheld' | 'reserved'>): ReservedAck {
    const waiting: Waiting = { ...init, withheld: false, reserved: true }
    const lane = this.#lane(peer)
    lane.waiting.push(waiting)
    return {
      delivered: () => {
        lane.waiting = lane.waiting.filter((one) => one !== waiting)
        this.#hasten(peer, lane)
      },
      release: () => {
        Object.assign(waiting, { withheld: true, reserved: false })
        if (lane.retry === undefined) void this.#drain(peer, lane)
      },
    }
  }

  /** Rebuilds from the ledger what a peer does not have yet; `start` sends it. */
  replay(entry: Entry): void {
    if (linkOf(entry) !== undefined) this.#countAnew()
    if (entry.peer === undefined) return
    const lane = this.#lane(entry.peer)
    if (entry.type === 'receipt.received' && entry.call_id !== undefined && entry.receipt !== undefined) {
      const { code, reveal } = entry.ext ?? {}
      const withheld = entry.result_c !== undefined && (code !== undefined || reveal === 'awaited')
      lane.waiting.push({ seq: entry.seq, callId: entry.call_id, receiptHash: entry.receipt, withheld })
    }
    // Who handed out the result had the acknowledgement before.
    if (entry.type === 'result.received') lane.waiting = lane.waiting.filter(({ callId }) => callId !== entry.call_id)
    const through = entry.ext?.through
    if (entry.type === 'acks.delivered' && through !== undefined) {
      lane.waiting = lane.waiting.filter(({ seq }) => seq > through)
    }
  }

  /** What the log says that peers do not have; of an outbox that only replays. */
  state(): AckOutboxState {
    const lanes = [...this.#lanes].filter(([, { waiting }]) => waiting.length > 0)
    lanes.sort(([a], [b]) => (a < b ? -1 : 1))
    return lanes.map(([peer, { waiting }]) => [
      peer,
      waiting.map(({ durable: _durable, reserved: _reserved, ...kept }) => kept),
    ])
  }

  restore(state: AckOutboxState): void {
    for (const [peer, waiting] of state) this.#lane(peer).waiting.push(...waiting)
  }

  /** Sequence numbers begin again in a successor log: what waits since the one before comes before all of them. */
  #countAnew(): void {
    for (const lane of this.#lanes.values()) for (const waiting of lane.waiting) waiting.seq = BEFORE_THIS_LOG
  }

  start(): void {
    for (const [peer, lane] of this.#lanes) void this.#drain(peer, lane)
  }

  /** Resolves when nothing waits and nothing is on its way, or a retry is due later. */
  async settled(): Promise<void> {
    while ([...this.#lanes.values()].some((lane) => lane.sending)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve))
    }
  }

  close(): void {
    this.#closed = true
    for (const lane of this.#lanes.values()) lane.retry?.cancel()
  }

  #lane(peer: Did): Lane {
    const lane = this.#lanes.get(peer) ?? { waiting: [], sending: false, failures: 0 }
    this.#lanes.set(peer, lane)
    return lane
  }

  async #drain(peer: Did, lane: Lane): Promise<void> {
    if (lane.sending || this.#closed) return
    lane.sending = true
    try {
      while (lane.waiting.some(isFree) && !this.#closed) {
        await gather(lane)
        const batch = lane.waiting.filter(isFree).slice(0, MAX_ACKED_RECEIPTS)
        if (!(await this.#deliver(peer, batch))) {
          this.#retryLater(peer, lane)
          break
        }
        lane.failures = 0
        const sent = new Set(batch)
        lane.waiting = lane.waiting.filter((one) => !sent.has(one))
        this.#recordDelivery(peer, batch, lane)
      }
    } finally {
      lane.sending = false
      for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  async #deliver(peer: Did, batch: readonly Waiting[]): Promise<boolean> {
    const endpoint = this.#c.endpointOf(peer)
    if (endpoint === undefined) return false
    try {
      await Promise.all(batch.map(({ durable }) => durable))
    } catch {
      // The log has failed, and the kernel with it: what is not durable is not acknowledged.
      return false
    }
    const body = Buffer.from(await this.#signed(batch), 'utf8')
    try {
      const { status } = await this.#c.transport.send({
        endpoint,
        peer,
        path: exchangePaths.acks,
        method: 'POST',
        contentType: 'application/json',
        body,
        maxReplyBytes: 4096,
      })
      return status === 200
    } catch {
      return false
    }
  }

  /** One goes as a statement of its own: the entry that the peer writes of it names its call and its receipt. */
  async #signed(batch: readonly Waiting[]): Promise<string> {
    const acks = batch.map(({ callId, receiptHash, withheld }) => ({
      call_id: callId,
      receipt_hash: receiptHash,
      ...(withheld ? { withheld } : {}),
    }))
    if (acks.length > 1) return (await this.#c.signer.sign('hansa-acks', { v: 1, acks })).text
    return `[${(await this.#c.signer.sign('hansa-ack', { v: 1, ...acks[0] })).text}]`
  }

  /** Not awaited: if it is lost, the peer gets these once more. */
  #recordDelivery(peer: Did, batch: readonly Waiting[], { waiting }: Lane): void {
    // Up to the first that is still on its way; what was delivered beyond it is sent once more after a restart.
    const open = waiting.reduce((lowest, { seq }) => Math.min(lowest, seq), Number.POSITIVE_INFINITY)
    const through = batch.reduce((highest, { seq }) => (seq < open ? Math.max(highest, seq) : highest), BEFORE_THIS_LOG)
    // A number of this log is what says how far it got; without one they are sent once more after a restart.
    if (through === BEFORE_THIS_LOG) return
    try {
      this.#c.append({ type: 'acks.delivered', peer, ext: { through, count: batch.length } }).durable.catch(() => {})
    } catch (error) {
      this.#c.logger.warn('acks.delivery_not_recorded', { peer, reason: String(error) })
    }
  }

  #retryLater(peer: Did, lane: Lane): void {
    if (this.#closed) return
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** lane.failures, MAX_RETRY_MS)
    lane.failures += 1
    this.#retryIn(delayMs, peer, lane)
  }

  /** It has just answered, so it is there again: what waits for it is not left to the end of a long pause. */
  #hasten(peer: Did, lane: Lane): void {
    if (this.#closed || lane.retry === undefined) return
    if (lane.retry.atMs - this.#c.clock.now() <= HASTENED_RETRY_MS) return
    lane.retry.cancel()
    this.#retryIn(HASTENED_RETRY_MS, peer, lane)
  }

  #retryIn(delayMs: number, peer: Did, lane: Lane): void {
    const { clock } = this.#c
    const cancel = clock.after(delayMs, () => {
      delete lane.retry
      void this.#drain(peer, lane)
    })
    lane.retry = { atMs: clock.now() + delayMs, cancel }
  }
}

function isFree({ reserved }: Waiting): boolean {
  return reserved !== true
}
