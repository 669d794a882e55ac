/** What this kernel asks of a peer, as an intent: built from a screened call, signed later, never holding a token. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { OutboundSession } from '@hansa/mesh'
import type { Did, Intent, Label } from '@hansa/protocols'
import { MAX_INTENT_LIFE_SECONDS } from '@hansa/protocols'
import type { ImportedTarget, Received } from '../kernel/stages.ts'

export type IntentFacts = {
  self: Did
  session: OutboundSession
  /** Unix milliseconds. */
  nowMs: number
  argsCommitment: string
  labels: readonly Label[]
  pseudonym: string
  /** Of the principal for whom the call is made, when that is another one. */
  onBehalfOf?: string
  /** The idempotency key as the peer gets it. */
  key?: string
  /** Approvals that are the peer's, not ours; one at most fits an intent. */
  approval?: string
}

export function buildIntent(call: Received, target: ImportedTarget, facts: IntentFacts): Intent {
  const iat = Math.floor(facts.nowMs / 1000)
  const chk = facts.session.facts.checkpoint
  return {
    v: 1,
    call_id: call.callId,
    sid: facts.session.sid,
    ctr: facts.session.nextCtr(),
    iss: facts.self,
    aud: target.peer,
    sub: facts.pseudonym,
    cap: target.id,
    cap_hash: target.hash,
    args_c: facts.argsCommitment,
    labels: [...facts.labels],
    ...(call.purpose === undefined ? {} : { purpose: call.purpose }),
    prf: [...(call.delegation?.hashes ?? [])],
    ...(facts.onBehalfOf === undefined ? {} : { obo: facts.onBehalfOf }),
    hops: [...call.hops, facts.self],
    ttl_hops: call.ttlHops - 1,
    deadline_ms: Math.max(1, Math.floor(call.deadlineMs - facts.nowMs)),
    ...(facts.key === undefined ? {} : { idem_key: facts.key }),
    ...(facts.approval === undefined ? {} : { approval: facts.approval }),
    ...(call.retryOf === undefined ? {} : { retry_of: call.retryOf }),
    ...(call.accepts.length === 0 ? {} : { accepts: [...call.accepts] }),
    ...(call.continues === undefined ? {} : { continues: call.continues }),
    iat,
    exp: iat + MAX_INTENT_LIFE_SECONDS,
    ...(chk === undefined ? {} : { chk }),
  }
}

/** Pairwise pseudonyms: a peer can tell this kernel's principals apart, and two peers cannot compare notes. */
export class Pseudonyms {
  readonly #key: KeyObject
  readonly #known = new Map<string, string>()

  /** @param secret at least 32 bytes that never leave this kernel. */
  constructor(secret: Uint8Array) {
    this.#key = createSecretKey(secret)
  }

  of(principal: string, peer: Did): string {
    const name = `${peer}\n${principal}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const pseudonym = createHmac('sha256', this.#key).update(`hansa/sub/v1\n${name}`).digest('base64url')
    if (this.#known.size >= 10_000) this.#known.clear()
    this.#known.set(name, pseudonym)
    return pseudonym
  }

  /** An idempotency key: the peer keeps one list for this kernel, and its principals choose their keys alone. */
  keyOf(key: string, principal: string, peer: Did): string {
    return createHmac('sha256', this.#key).update(`hansa/idem/v1\n${peer}\n${principal}\n${key}`).digest('base64url')
  }
}
