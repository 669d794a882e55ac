/**
 * Holds peers to what their receipts promise: when a promise is due, the peer is asked for the proof that the entry is in
 * its log, under a checkpoint that extends the last one that was seen (security.md B8: "B omits the call from its log").
 * Once a minute, many promises in one question, and never while a call waits.
 *
 * Who cannot be reached has broken nothing, and is asked again. Who answers without the proof has: the receipt that
 * promised it is in the log here, and what came instead becomes evidence. What a restore lost is no breach.
 */
import { judgeCheckpoint, type LogKeys, type PeerMemory } from '@hansa/mesh'
import type {
  CheckpointReference,
  Clock,
  Did,
  EntryDraft,
  EntryExt,
  EventLogger,
  InclusionAnswer,
  PeerTransport,
} from '@hansa/protocols'
import {
  exchangePaths,
  INCLUSION_TYP,
  type InclusionQuestion,
  inclusionAnswerSchema,
  MAX_INCLUSION_ANSWER_BYTES,
  MAX_INCLUSION_ENTRIES,
} from '@hansa/protocols'
import { decodeBase64url, parseStrictJson, type Signer, signJws, verifyInclusion } from '@hansa/trust'
import { type Appended, anchorNote, verifyCheckpoint } from '@hansa/trust/ledger'
import { faultFields } from '../kernel/fault-fields.ts'
import type { RecordEvidence } from '../kernel/peer-evidence.ts'
import { periodic } from '../kernel/periodic.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { PeerSessions } from './peer-sessions.ts'
import type { LogPromise, PromiseBook } from './promise-book.ts'

export type PromiseCheckComponents = {
  self: Did
  clock: Clock
  signer: Signer
  transport: PeerTransport
  sessions: PeerSessions
  memory: Pick<PeerMemory, 'checkpoint' | 'rememberCheckpoint'>
  promises: PromiseBook
  evidence: RecordEvidence
  append(draft: EntryDraft): Appended
  imports: { endpointOf(peer: Did): string | undefined; logKeysOf(peer: Did): LogKeys }
}

/** Milliseconds between two rounds. */
const PERIOD_MS = 60_000
/** Milliseconds that a peer has for an answer. */
const LIMIT_MS = 10_000
const QUESTION_LIFE_SECONDS = 60
/** Questions to one peer in one round, and milliseconds after which it is asked no other; the rest waits for the next. */
const MAX_QUESTIONS = 100
const SHARE_MS = 20_000

/** Undefined: the peer cannot be asked now. */
type Answer = { kind: 'answer'; answer: InclusionAnswer } | { kind: 'broken'; reason: string } | undefined

/** @returns ends it. */
export function checkPromises(components: PromiseCheckComponents & { logger: EventLogger }): () => void {
  const checks = new PromiseChecks(components)
  return periodic(
    components.clock,
    PERIOD_MS,
    () => checks.run(),
    (error) => components.logger.error('promises.check_failed', faultFields(error)),
  )
}

export class PromiseChecks {
  readonly #c: PromiseCheckComponents

  constructor(components: PromiseCheckComponents) {
    this.#c = components
  }

  /** One round: every peer with promises that are due. */
  async run(): Promise<void> {
    await Promise.all(this.#c.promises.peers().map((peer) => this.#check(peer)))
  }

  async #check(peer: Did): Promise<void> {
    const { promises, clock, imports } = this.#c
    const endpoint = imports.endpointOf(peer)
    const untilMs = clock.now() + SHARE_MS
    for (let question = 0; endpoint !== undefined && question < MAX_QUESTIONS; question++) {
      // The next round begins when this one is over: a peer that takes its time takes nobody else's.
      if (clock.now() >= untilMs) return
      const due = promises.due(peer, clock.now(), MAX_INCLUSION_ENTRIES)
      if (due.length === 0 || !(await this.#ask(peer, endpoint, due))) return
    }
  }

  /** @returns whether the promises are settled, kept or broken. */
  async #ask(peer: Did, endpoint: string, due: readonly LogPromise[]): Promise<boolean> {
    const [{ origin } = { origin: '' }] = due
    const remembered = await this.#c.memory.checkpoint(peer)
    const seen = remembered?.origin === origin && remembered.size > 0 ? remembered : undefined
    const answer = await this.#send(peer, endpoint, due, seen)
    if (answer === undefined) return false
    const judged = answer.kind === 'answer' ? this.#judge(peer, origin, answer.answer, seen) : answer.reason
    if (typeof judged === 'string') for (const { callId } of due) this.#broken(peer, judged, callId)
    else {
      const proofs = answer.kind === 'answer' ? answer.answer.proofs : []
      for (const [at, promise] of due.entries()) {
        if (this.#isLost(peer, promise, judged)) continue
        const fault = faultOf(promise, proofs[at] ?? undefined, judged)
        if (fault !== undefined) this.#broken(peer, fault, promise.callId)
      }
      const note = answer.kind === 'answer' ? answer.answer.note : undefined
      // Of a note as long as a peer likes, only what its log signed is passed on to others.
      const signed = this.#signed(peer, note)
      if (remembered === undefined || seen !== undefined)
        await this.#c.memory.rememberCheckpoint(peer, judged, signed.note)
      this.#settle(peer, due, { checkpoint: judged, ...signed })
      return true
    }
    this.#settle(peer, due, {})
    return true
  }

  async #send(
    peer: Did,
    endpoint: string,
    due: readonly LogPromise[],
    seen: CheckpointReference | undefined,
  ): Promise<Answer> {
    const { clock, transport, sessions } = this.#c
    const session = await sessions.get(peer, endpoint)
    if (isRefusal(session)) return undefined
    const stop = new AbortController()
    const cancel = clock.after(LIMIT_MS, () => stop.abort())
    try {
      const { status, body } = await transport.send({
        endpoint,
        peer,
        path: exchangePaths.inclusion,
        method: 'POST',
        contentType: 'application/jose',
        body: Buffer.from(this.#question(peer, session.sid, due, seen), 'latin1'),
        maxReplyBytes: MAX_INCLUSION_ANSWER_BYTES,
        signal: stop.signal,
      })
      if (status === 401) sessions.drop(peer, session.sid)
      if (status === 404 && saysNotFound(body)) return { kind: 'broken', reason: 'it says that it has no such log' }
      return status === 200 ? readAnswer(body, due.length) : undefined
    } catch {
      return undefined
    } finally {
      cancel()
    }
  }

  /** As a JWS. */
  #question(peer: Did, sid: string, due: readonly LogPromise[], seen: CheckpointReference | undefined): string {
    const iat = Math.floor(this.#c.clock.now() / 1000)
    const question: InclusionQuestion = {
      v: 1,
      iss: this.#c.self,
      aud: peer,
      sid,
      origin: due[0]?.origin ?? '',
      ...(seen === undefined ? {} : { seen: seen.size }),
      entries: due.map(({ index }) => index),
      iat,
      exp: iat + QUESTION_LIFE_SECONDS,
    }
    return signJws(this.#c.signer, INCLUSION_TYP, question).jws
  }

  /** @returns the checkpoint that the proofs have to lead to, or what is wrong with it. */
  #judge(
    peer: Did,
    origin: string,
    { note, consistency = [] }: InclusionAnswer,
    seen: CheckpointReference | undefined,
  ): CheckpointReference | string {
    const keys = this.#c.imports.logKeysOf(peer).filter((log) => log.origin === origin)
    if (seen !== undefined) {
      const judgement = judgeCheckpoint({ note, consistency }, keys, seen)
      return judgement.ok ? judgement.checkpoint : judgement.reason
    }
    const verdicts = keys.map(({ vkey }) => verifyCheckpoint(note, vkey))
    const good = verdicts.find((verdict) => verdict.ok)
    return good?.ok === true ? good.checkpoint : 'its checkpoint is not signed by the pinned key of the log'
  }

  /**
   * A kernel that was restored from a backup goes on in another log, which its peers have imported anew; what was behind
   * the end of the one before it can show no more, and denies no more than that. An auditor finds it as lost.
   */
  #isLost(peer: Did, { origin, index }: LogPromise, { size }: CheckpointReference): boolean {
    return index >= size && this.#c.imports.logKeysOf(peer)[0]?.origin !== origin
  }

  #signed(peer: Did, note: string | undefined): { note?: string } {
    const keys = this.#c.imports.logKeysOf(peer).map(({ vkey }) => vkey)
    const text = note === undefined ? undefined : anchorNote(note, keys)
    return text === undefined ? {} : { note: text }
  }

  #broken(peer: Did, reason: string, callId: string): void {
    this.#c.evidence(peer, 'inclusion_broken', reason, callId)
  }

  /** Not awaited: if it is lost, the same is asked once more after a restart. */
  #settle(peer: Did, due: readonly LogPromise[], head: Pick<EntryExt, 'checkpoint' | 'note'>): void {
    const through = this.#c.promises.settle(peer, due)
    if (through === undefined) return
    const ext = { through, count: due.length, ...head }
    try {
      this.#c.append({ type: 'peer.checkpoint', peer, ext }).durable.catch(() => {})
    } catch {
      // A log that takes nothing now: it is asked once more after a restart.
    }
  }
}

/** A proxy in front of a kernel that is down answers 404 too, and not in these words. */
function saysNotFound(body: Uint8Array): boolean {
  const parsed = parseStrictJson(body, 'object')
  return parsed.ok && (parsed.value as { code?: unknown }).code === 'not_found'
}

function readAnswer(body: Uint8Array, entries: number): Answer {
  const parsed = parseStrictJson(body, 'payload')
  const answer = parsed.ok ? inclusionAnswerSchema.safeParse(parsed.value) : undefined
  if (answer?.success !== true || answer.data.proofs.length !== entries)
    return { kind: 'broken', reason: 'its answer is not one proof for each entry' }
  return { kind: 'answer', answer: answer.data }
}

/** @returns what is wrong with the proof of one entry. */
function faultOf(
  { index, leafHash }: LogPromise,
  path: readonly string[] | undefined,
  { origin, size, root }: CheckpointReference,
): string | undefined {
  if (index >= size) return `its log ${origin} ends at ${size} entries, and its receipt promises entry ${index}`
  if (path === undefined) return `it has no proof of entry ${index} of ${origin}, which its receipt promises`
  const [leaf, top] = [decodeBase64url(leafHash), decodeBase64url(root)]
  const hashes = path.map((text) => decodeBase64url(text))
  const readable = hashes.every((hash) => hash !== undefined)
  const proven =
    leaf !== undefined &&
    top !== undefined &&
    readable &&
    verifyInclusion({ index, size, leafHash: leaf, path: hashes, root: top })
  return proven ? undefined : `entry ${index} of ${origin} is not the one that its receipt promises`
}
