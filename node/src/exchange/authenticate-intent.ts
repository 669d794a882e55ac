/**
 * From the bytes of a call body to an authenticated intent. Cheap checks come first: framing, session, replay window;
 * the signature last, because it costs (security.md B13). What fails here is nobody's word, so it earns no receipt.
 */

import type { InboundSession, InboundSessions } from '@hansa/mesh'
import type { ChannelBinding, Clock, Code, Did, Envelope, InboundRequest, Intent } from '@hansa/protocols'
import { callFrameLimits, decodeFrames, MAX_INTENT_LIFE_SECONDS } from '@hansa/protocols'
import { type EnvelopeVerifier, intentOf, parseEnvelope, payloadBytesOf } from '@hansa/trust'
import type { RefusalBudget } from './refusal-budget.ts'
import type { SpentCounters } from './spent-counters.ts'

export type AuthenticatedIntent = {
  intent: Intent
  hash: string
  envelope: Envelope
  session: InboundSession
  chain: Uint8Array
  salt: Uint8Array
  args: Uint8Array
}
export type IntentRejection = {
  rejected: Code
  reason: string
  /** The peer has signed this intent under a counter for which it had signed another one. */
  twice?: { session: InboundSession; intent: Intent; hash: string; envelope: Envelope; first: string }
}

export type AuthenticateComponents = {
  self: Did
  clock: Clock
  sessions: InboundSessions
  verifier: EnvelopeVerifier
  /** What counters were used for. */
  counters: SpentCounters
  /** Whose calls are not looked at, because so many were refused. */
  budget: Pick<RefusalBudget, 'isSpent'>
}

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

/** @param consume whether the intent's place in the replay window is taken: yes for a call, no for a question. */
export async function authenticateIntent(
  { body, binding }: Pick<InboundRequest, 'body' | 'binding'>,
  { self, clock, sessions, verifier, counters, budget }: AuthenticateComponents,
  consume: boolean,
): Promise<AuthenticatedIntent | IntentRejection> {
  const frames = decodeFrames(body, callFrameLimits)
  const [envelopeBytes, chain, salt, args] = frames ?? []
  if (envelopeBytes === undefined || chain === undefined || salt === undefined || args === undefined) {
    return { rejected: 'invalid_request', reason: 'the body is not four frames within their limits' }
  }
  const envelope = parseEnvelope(envelopeBytes)
  const claimed = envelope && claimOf(envelope)
  if (envelope === undefined || claimed === undefined)
    return { rejected: 'invalid_request', reason: 'the first frame is not an intent envelope' }
  const session = sessions.get(claimed.sid)
  if (session === undefined) return NO_SESSION
  if (!isOnItsConnection(session, binding))
    return { rejected: 'handshake_failed', reason: 'the session is bound to another connection' }
  if (budget.isSpent(session.peer)) return notLookedAt(session.peer)
  const first = session.window.isFresh(claimed.ctr) ? undefined : counters.contradicted(session, claimed.ctr, envelope)
  if (first === undefined && !session.window.isFresh(claimed.ctr)) return REPLAYED
  const verdict = await verifier.verify('hansa-intent', envelope, session.peer)
  if (!verdict.ok) return { rejected: 'invalid_request', reason: `the intent does not verify: ${verdict.reason}` }
  const reading = intentOf(verdict)
  if (!reading.ok) return { rejected: 'invalid_request', reason: `the intent is malformed: ${reading.reason}` }
  const intent = reading.value
  const fault = faultOf(intent, session, self, Math.floor(clock.now() / 1000))
  if (fault !== undefined) return fault
  const { hash } = verdict
  // The signature took time. The peer may have been cut off meanwhile, which ends its sessions.
  if (sessions.get(session.sid) !== session) return NO_SESSION
  // And another copy may have come: the window decides now, in one step.
  if (!(consume ? session.window.take(intent.ctr) : session.window.isFresh(intent.ctr))) {
    const other = counters.contradicted(session, intent.ctr, envelope)
    if (other === undefined) return REPLAYED
    return { ...REPLAYED, twice: { session, intent, hash, envelope: verdict.envelope, first: other } }
  }
  if (consume) counters.spend(session, intent.ctr, hash)
  return { intent, hash, envelope: verdict.envelope, session, chain, salt, args }
}

const NO_SESSION: IntentRejection = {
  rejected: 'handshake_failed',
  reason: 'the session is not known, or has ended',
}

const REPLAYED: IntentRejection = {
  rejected: 'invalid_request',
  reason: 'replay: the counter was used or is too old',
}

function notLookedAt(peer: Did): IntentRejection {
  return { rejected: 'rate_limited', reason: `too many calls of ${peer} were refused within a minute` }
}

/** A session over TLS itself does not go on over another connection, whoever holds the key of the certificate. */
function isOnItsConnection({ connection }: InboundSession, binding: ChannelBinding | undefined): boolean {
  if (connection === undefined) return true
  return binding?.kind === 'exporter' && Buffer.from(connection).equals(binding.value)
}

function faultOf(intent: Intent, session: InboundSession, self: Did, now: number): IntentRejection | undefined {
  if (intent.iss !== session.peer)
    return { rejected: 'invalid_request', reason: 'the issuer is not the peer of the session' }
  if (intent.sid !== session.sid)
    return { rejected: 'invalid_request', reason: 'the session changed under the signature' }
  if (intent.aud !== self) return { rejected: 'invalid_request', reason: 'the intent is for another kernel' }
  if (intent.exp - intent.iat > MAX_INTENT_LIFE_SECONDS || intent.exp <= intent.iat) {
    return { rejected: 'invalid_request', reason: 'the intent lives longer than it may' }
  }
  if (intent.iat > now + SKEW_SECONDS) return { rejected: 'clock_skew', reason: 'the intent is from the future' }
  if (now >= intent.exp + SKEW_SECONDS) return { rejected: 'clock_skew', reason: 'the intent has expired' }
  return undefined
}

/**
 * The session that an intent names and its place in it, read from the text of the payload: believed by nobody, and only
 * good for finding out cheaply whether the signature is worth checking. Quotes inside a string of JSON are escaped, so
 * neither pattern can match there.
 */
function claimOf(envelope: Envelope): { sid: string; ctr: number } | undefined {
  const bytes = payloadBytesOf(envelope)
  if (bytes === undefined) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const sid = /"sid":"([\w-]{22})"/.exec(text)?.[1]
  const ctr = /"ctr":([1-9]\d{0,15})[,}]/.exec(text)?.[1]
  return sid === undefined || ctr === undefined ? undefined : { sid, ctr: Number(ctr) }
}
