/** The questions of `serve-replica.ts`, as one neighbour is asked them; with the bytes that they take. */
import {
  type Clock,
  type Did,
  exchangePaths,
  MAX_REPLICA_PLACES_BYTES,
  MAX_REPLICA_RECORDS_BYTES,
  type PeerTransport,
  type ReplicaPlaces,
  type ReplicaPlacesQuestion,
  type ReplicaRecords,
  type ReplicaRecordsQuestion,
  replicaPlacesSchema,
  replicaPushedSchema,
  replicaRecordsSchema,
} from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import { MeshError } from '../errors.ts'
import { withTimeLimit } from '../time-limit.ts'

/** Milliseconds for one question, besides what its answer may wait. */
const LIMIT_MS = 10_000
/** Largest answer to a push, bytes. */
const MAX_PUSHED_BYTES = 4_096

/** A kernel that this one exchanges records with, and where it is reached. */
export type Neighbour = { did: Did; endpoint: string }

export type Traffic = { requests: number; bytesSent: number; bytesReceived: number }

export type AskReplicaComponents = {
  transport: Pick<PeerTransport, 'send'>
  clock: Clock
  signal?: AbortSignal | undefined
}

/** It did not answer, or not as it has to. */
export class NeighbourFault extends Error {
  override readonly name = 'NeighbourFault'
  /** Nothing answered: it may be back at any time. */
  readonly away: boolean

  constructor(message: string, away = false) {
    super(message)
    this.away = away
  }
}

type Reader<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

/** @throws NeighbourFault */
export class AskReplica {
  readonly traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }
  readonly #c: AskReplicaComponents
  readonly #neighbour: Neighbour

  constructor(components: AskReplicaComponents, neighbour: Neighbour) {
    this.#c = components
    this.#neighbour = neighbour
  }

  async places(question: Omit<ReplicaPlacesQuestion, 'v'>): Promise<ReplicaPlaces['places']> {
    const waitMs = (question.wait ?? 0) * 1_000
    const path = exchangePaths.replicaPlaces
    const { places } = await this.#ask(path, question, replicaPlacesSchema, MAX_REPLICA_PLACES_BYTES, waitMs)
    if (places.length !== question.places.length) throw new NeighbourFault('it answered for other places')
    return places
  }

  records(question: Omit<Extract<ReplicaRecordsQuestion, { want: unknown }>, 'v'>): Promise<ReplicaRecords>
  records(question: Omit<Extract<ReplicaRecordsQuestion, { under: unknown }>, 'v'>): Promise<ReplicaRecords>
  records(question: object): Promise<ReplicaRecords> {
    return this.#ask(exchangePaths.replicaRecords, question, replicaRecordsSchema, MAX_REPLICA_RECORDS_BYTES)
  }

  /** @returns how many were new there. */
  async push(records: readonly string[]): Promise<number> {
    const path = exchangePaths.replicaPush
    return (await this.#ask(path, { records }, replicaPushedSchema, MAX_PUSHED_BYTES)).taken
  }

  async #ask<T>(path: string, question: object, schema: Reader<T>, maxReplyBytes: number, waitMs = 0): Promise<T> {
    const body = Buffer.from(JSON.stringify({ v: 1, ...question }))
    this.traffic.requests += 1
    this.traffic.bytesSent += body.length
    const reply = await this.#send(path, body, maxReplyBytes, LIMIT_MS + waitMs)
    this.traffic.bytesReceived += reply.body.length
    if (reply.status !== 200) throw new NeighbourFault(`it answered with status ${reply.status}`)
    const parsed = parseStrictJson(reply.body, 'payload')
    const answer = parsed.ok ? schema.safeParse(parsed.value) : undefined
    if (answer?.success !== true) throw new NeighbourFault('its answer is malformed')
    return answer.data
  }

  async #send(path: string, body: Uint8Array, maxReplyBytes: number, limitMs: number) {
    const { transport, clock, signal: outer } = this.#c
    const { did: peer, endpoint } = this.#neighbour
    const request = { endpoint, peer, path, method: 'POST' as const, contentType: 'application/json', body }
    const tooLate = new NeighbourFault('it did not answer in time', true)
    try {
      return await withTimeLimit({ clock, limitMs, tooLate, outer }, (signal) =>
        transport.send({ ...request, maxReplyBytes, signal }),
      )
    } catch (error) {
      const answered =
        error instanceof MeshError && error.detail.code === 'unreachable' && error.detail.answered === true
      throw new NeighbourFault(error instanceof Error ? error.message : 'it cannot be reached', !answered)
    }
  }
}
