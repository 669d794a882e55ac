/**
 * What a kernel answers about its replica to whoever asks: there is nothing in it that its kernels have not published. What
 * is bounded is how often and how much one source may ask, and whose pushes are looked at.
 */
import {
  type Clock,
  type Code,
  exchangePaths,
  type InboundRequest,
  REPLICA_RECORDS_BYTES,
  type ReplicaPlaces,
  type ReplicaPlacesQuestion,
  type ReplicaRecords,
  type ReplicaRecordsQuestion,
  replicaPlacesQuestionSchema,
  replicaPushSchema,
  replicaRecordsQuestionSchema,
} from '@hansa/protocols'
import { parseStrictJson, RateWindow } from '@hansa/trust'
import { addressGroup } from './address-group.ts'
import { ByteBudget } from './byte-budget.ts'
import type { LocalReplica } from './local-replica.ts'
import type { ReplicaRecord } from './replica-record.ts'
import { takeInTurns } from './take-in-turns.ts'
import { TurnsLost } from './turns-lost.ts'

/** Questions a minute: of one source, and of all. A cold replica of 10,000 asks some hundred times. */
const PER_SOURCE = 1_200
const PER_MINUTE = 30_000
/** Bytes of records a minute. */
const BYTES = { perSource: 134_217_728, total: 1_073_741_824 }
/** Questions that wait for a change at a time: of one source, and of all. */
const WAITING_OF_SOURCE = 32
const MAX_WAITING = 1_024

export type ServeReplicaComponents = {
  replica: LocalReplica
  clock: Clock
  /** Told who loses his turn, and why. @default nobody is */
  turnLost?(source: string, reason: string, lostMs: number): void
}

export type ReplicaAnswer = { ok: true; body: object } | { ok: false; code: Code; reason: string }

export interface ReplicaService {
  places(request: Asked): Promise<ReplicaAnswer>
  records(request: Asked): Promise<ReplicaAnswer>
  push(request: Asked): Promise<ReplicaAnswer>
  /** Questions that wait for a change now. */
  readonly waiting: number
  /** Answers everything that waits; whatever comes after does not wait any more. */
  close(): void
}

type Asked = Pick<InboundRequest, 'body' | 'source'>

/** What a schema of `protocols` offers, narrowed to what is used here. */
type Reader<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

type Refused = Extract<ReplicaAnswer, { ok: false }>

export function serveReplica(components: ServeReplicaComponents): ReplicaService {
  const { replica, clock } = components
  const asked = new RateWindow({ maxKeys: 10_000 })
  const bytes = new ByteBudget(clock, BYTES)
  const lost = new TurnsLost(clock)
  const held = new HeldQuestions(components)
  const admits = (source: string) =>
    asked.admitAll(
      [
        { key: `source ${source}`, calls: PER_SOURCE, perSeconds: 60 },
        { key: '*', calls: PER_MINUTE, perSeconds: 60 },
      ],
      clock.now(),
    ).ok
  const read = <T extends { v: 1 }>(schema: Reader<T>, { body, source }: Asked): T | Refused => {
    if (!admits(addressGroup(source))) return refuse('rate_limited', 'too many questions to the replica')
    const parsed = parseStrictJson(body, 'object')
    const message = parsed.ok ? schema.safeParse(parsed.value) : undefined
    return message?.success === true ? message.data : refuse('invalid_request', 'not a message for a replica')
  }
  return {
    async places(request) {
      const question = read(replicaPlacesQuestionSchema, request)
      if (!('v' in question)) return question
      await held.until(question, addressGroup(request.source))
      return { ok: true, body: answerPlaces(replica, question) }
    },
    async records(request) {
      const question = read(replicaRecordsQuestionSchema, request)
      if (!('v' in question)) return question
      const source = addressGroup(request.source)
      if (!bytes.has(source)) return refuse('rate_limited', 'too many bytes of the replica')
      const answer = answerRecords(replica, question)
      bytes.spend(
        source,
        answer.records.reduce((sum, { length }) => sum + length, 0),
      )
      return { ok: true, body: answer }
    },
    async push(request) {
      const source = addressGroup(request.source)
      if (lost.has(source)) return refuse('rate_limited', 'its pushes are not looked at for a while')
      const push = read(replicaPushSchema, request)
      if (!('v' in push)) return push
      const { taken, rejected } = await takeInTurns(replica, push.records, source)
      if (rejected === undefined) return { ok: true, body: { v: 1, taken } }
      components.turnLost?.(source, rejected, lost.lose(source))
      return refuse('invalid_request', `a push with an invalid record: ${rejected}`)
    },
    get waiting() {
      return held.size
    },
    close: () => held.close(),
  }
}

/** The paths of the service, for whoever routes. */
export const replicaPaths = {
  places: exchangePaths.replicaPlaces,
  records: exchangePaths.replicaRecords,
  push: exchangePaths.replicaPush,
} as const

function answerPlaces(replica: LocalReplica, { places }: ReplicaPlacesQuestion): ReplicaPlaces {
  return { v: 1, places: places.map((prefix) => replica.place(prefix)) }
}

function answerRecords(replica: LocalReplica, question: ReplicaRecordsQuestion): ReplicaRecords {
  if ('want' in question) {
    const found = question.want.flatMap((did) => replica.record(did) ?? [])
    return { v: 1, records: found.slice(0, fitting(found)).map(({ jws }) => jws) }
  }
  const records: string[] = []
  let bytes = 0
  let next: string | undefined
  for (const { place, record } of replica.recordsFrom(question.under, question.after)) {
    bytes += record.jws.length
    if (records.length > 0 && bytes > REPLICA_RECORDS_BYTES) return { v: 1, records, ...(next && { next }) }
    records.push(record.jws)
    next = place
  }
  return { v: 1, records }
}

/** How many of them fit; one always does. */
export function fitting(records: readonly Pick<ReplicaRecord, 'jws'>[]): number {
  let bytes = 0
  const at = records.findIndex(({ jws }) => {
    bytes += jws.length
    return bytes > REPLICA_RECORDS_BYTES
  })
  return at < 0 ? records.length : Math.max(1, at)
}

/** Questions whose answer would be that nothing is different: they wait until something is, or their time is up. */
class HeldQuestions {
  readonly #c: ServeReplicaComponents
  readonly #wake = new Set<() => void>()
  readonly #ofSource = new Map<string, number>()
  #closed = false

  constructor(components: ServeReplicaComponents) {
    this.#c = components
    components.replica.watch(() => {
      for (const wake of this.#wake) wake()
    })
  }

  get size(): number {
    return this.#wake.size
  }

  async until({ known, wait }: ReplicaPlacesQuestion, source: string): Promise<void> {
    const { replica, clock } = this.#c
    const ofSource = this.#ofSource.get(source) ?? 0
    if (wait === undefined || known !== replica.digest || this.#closed) return
    if (this.#wake.size >= MAX_WAITING || ofSource >= WAITING_OF_SOURCE) return
    this.#ofSource.set(source, ofSource + 1)
    await new Promise<void>((resolve) => {
      const wake = () => {
        cancel()
        this.#wake.delete(wake)
        resolve()
      }
      const cancel = clock.after(wait * 1_000, wake)
      this.#wake.add(wake)
    })
    const left = (this.#ofSource.get(source) ?? 1) - 1
    if (left === 0) this.#ofSource.delete(source)
    else this.#ofSource.set(source, left)
  }

  close(): void {
    this.#closed = true
    for (const wake of this.#wake) wake()
  }
}

function refuse(code: Code, reason: string): Refused {
  return { ok: false, code, reason }
}
