/**
 * The initiator's side of a handshake: two requests, and a session or the reason why there is none (security.md B3).
 * There is no fallback to anything weaker; trying again later, and how often, is the caller's.
 */
import { randomBytes } from 'node:crypto'
import {
  type Accepted,
  acceptedSchema,
  type Challenge,
  type ChannelBinding,
  type Clock,
  type Code,
  challengeSchema,
  type Did,
  errorBodySchema,
  exchangePaths,
  type Hello,
  isCode,
  MAX_MANIFEST_BYTES,
  type PeerReply,
  type PeerTransport,
  type Proof,
  SUITE,
} from '@hansa/protocols'
import { decodeBase64url, encodeBase64url, type KeyResolver, type Signer, verifySignature } from '@hansa/trust'
import { ExchangeStopped } from '../fetch/network-fault.ts'
import type { PeerMemory, SeenManifest } from '../peers/peer-memory.ts'
import { withTimeLimit } from '../time-limit.ts'
import {
  CHALLENGE_LIFE_SECONDS,
  MAX_ACCEPTED_BYTES,
  MAX_CLOCK_OFFSET_SECONDS,
  MAX_HELLO_BYTES,
  NONCE_BYTES,
  SESSION_LIFE_SECONDS,
} from './constants.ts'
import type { LogKeys } from './judge-checkpoint.ts'
import { judgePeer, type ToldOfContradictions } from './judge-peer.ts'
import { OutboundSession } from './outbound-session.ts'
import type { OwnSide } from './own-side.ts'
import { type MessageSchema, readMessage, writeMessage } from './read-message.ts'
import type { RevocationStatuses } from './revocation-statuses.ts'
import { initiatorTranscript, responderTranscript } from './transcript.ts'

export type OpenSessionInit = ToldOfContradictions & {
  transport: PeerTransport
  /** Base URL at which the peer is reached. */
  endpoint: string
  /** Who has to answer there. */
  peer: Did
  signer: Signer
  resolver: KeyResolver
  clock: Clock
  own: OwnSide
  /** What was seen of the peer before; what this handshake verifies is added to it. */
  memory: PeerMemory
  /** What each side has revoked goes with the handshake. @default nothing is said or read of it */
  revocations?: RevocationStatuses
  /** Pinned keys of the peer's log. @default those of the manifest that the peer serves */
  logs?: LogKeys
  signal?: AbortSignal
}

export type OpenedSession = { ok: true; session: OutboundSession } | SessionRefusal
export type SessionRefusal = { ok: false; code: Code /** One sentence for people. */; reason: string }

/** Longest handshake, milliseconds; it has at most four round trips. */
const LIMIT_MS = 10_000
const tooLate = new ExchangeStopped('timeout', `the handshake took more than ${LIMIT_MS / 1000} s`)

/** Never throws for anything that the peer or the network does. */
export function openSession(init: OpenSessionInit): Promise<OpenedSession> {
  const limit = { clock: init.clock, limitMs: LIMIT_MS, tooLate, outer: init.signal }
  return withTimeLimit(limit, (signal) => shakeHands({ ...init, signal }))
}

type Initiator = OpenSessionInit & { signal: AbortSignal }

async function shakeHands(init: Initiator): Promise<OpenedSession> {
  if (init.peer === init.signer.did) return refuse('handshake_failed', 'a kernel has no session with itself')
  const bound = await channel(init)
  if (!bound.ok) return bound
  const opened = await shakeHandsOver(init, bound.binding)
  if (opened.ok || bound.binding.kind !== 'spki') return opened
  // The peer may have changed its certificate between two connections of one handshake.
  const again = await channel(init)
  const changed = again.ok && !Buffer.from(again.binding.value).equals(bound.binding.value)
  return changed ? shakeHandsOver(init, again.binding) : opened
}

async function shakeHandsOver(init: Initiator, binding: ChannelBinding): Promise<OpenedSession> {
  const hello = await makeHello(init, binding)
  const challenge = await ask(init, exchangePaths.hello, hello, challengeSchema, MAX_HELLO_BYTES)
  if (!challenge.ok) return challenge
  const m2 = challenge.message
  const fault = challengeFault(init, hello, m2) ?? (await signatureFault(init, hello, m2, binding))
  if (fault !== undefined) return fault
  if (binding.kind === 'weak' && (await init.memory.wasStrong(init.peer)))
    return refuse('handshake_failed', 'this peer was met over a strongly bound channel before')
  const proof = await makeProof(init, hello, m2, binding)
  const accepted = await ask(init, exchangePaths.proof, proof, acceptedSchema, MAX_ACCEPTED_BYTES)
  if (!accepted.ok) return accepted
  if (accepted.message.sid !== m2.sid) return refuse('handshake_failed', 'the peer accepted another session')
  return concludeSession(init, hello, m2, accepted.message, binding)
}

async function channel(init: OpenSessionInit): Promise<{ ok: true; binding: ChannelBinding } | SessionRefusal> {
  try {
    const binding = await init.transport.binding(init.endpoint, init.peer)
    if (binding !== undefined) return { ok: true, binding }
    return refuse('handshake_failed', `${init.endpoint} may not carry sessions: only HTTPS, or HTTP on this machine`)
  } catch (error) {
    return refuse('remote_refused', messageOf(error))
  }
}

async function makeHello(
  { signer, peer, own, memory, clock, revocations }: OpenSessionInit,
  { kind, value }: ChannelBinding,
): Promise<Hello> {
  const seen = await memory.checkpoint(peer)
  return {
    v: 1,
    t: 'hs1',
    a: signer.did,
    b: peer,
    na: encodeBase64url(randomBytes(NONCE_BYTES)),
    suites: [SUITE],
    ma: { seq: own.manifest.manifest.seq, hash: own.manifest.hash },
    pa: own.policyVersion,
    ...(seen === undefined ? {} : { seen }),
    ...(revocations === undefined ? {} : { rev: revocations.held(peer) }),
    ...(kind === 'spki' ? { cb: encodeBase64url(value) } : {}),
    ts: seconds(clock),
  }
}

function challengeFault(init: OpenSessionInit, hello: Hello, m2: Challenge): SessionRefusal | undefined {
  if (m2.a !== hello.a || m2.b !== hello.b || m2.na !== hello.na)
    return refuse('handshake_failed', 'the challenge does not answer this hello')
  if (!hello.suites.includes(m2.suite))
    return refuse('handshake_failed', 'the challenge picks a suite that was not offered')
  const now = seconds(init.clock)
  if (now - hello.ts >= CHALLENGE_LIFE_SECONDS) return refuse('handshake_failed', 'the challenge came too late')
  const offset = Math.abs(m2.ts - now)
  return offset > MAX_CLOCK_OFFSET_SECONDS ? refuse('clock_skew', `the clocks are ${offset} s apart`) : undefined
}

async function signatureFault(
  { resolver, peer }: OpenSessionInit,
  hello: Hello,
  m2: Challenge,
  binding: ChannelBinding,
): Promise<SessionRefusal | undefined> {
  const resolved = await resolver.resolve(m2.kid, 'authentication').catch(() => undefined)
  if (resolved?.ok !== true) return refuse('identity_unavailable', `no key of ${peer} can be had now`)
  if (resolved.did !== peer) return refuse('handshake_failed', `${resolved.did} answers there, not ${peer}`)
  const sig = decodeBase64url(m2.sig)
  if (sig !== undefined && verifySignature(resolved.key, responderTranscript(hello, m2, binding), sig)) return undefined
  return refuse('handshake_failed', `what answers there does not prove that it is ${peer} on this channel`)
}

async function makeProof(init: OpenSessionInit, m1: Hello, m2: Challenge, binding: ChannelBinding): Promise<Proof> {
  const { own, signer, peer, revocations } = init
  const checkpoint = await own.checkpoint?.(m2.seen)
  return {
    v: 1,
    t: 'hs3',
    sid: m2.sid,
    m1,
    m2,
    manifest: own.manifest.jws,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(revocations === undefined ? {} : { revocations: revocations.statusFor(peer, m2.rev ?? 0) }),
    kid: signer.kid,
    sig: encodeBase64url(signer.sign(initiatorTranscript(m1, m2, binding))),
  }
}

async function concludeSession(
  init: Initiator,
  hello: Hello,
  m2: Challenge,
  accepted: Accepted,
  binding: ChannelBinding,
): Promise<OpenedSession> {
  const { memory, peer, endpoint } = init
  const judged = await judgePeer(init, {
    peer,
    named: m2.mb,
    jws: await servedManifest(init, m2.mb),
    logs: init.logs,
    checkpoint: accepted.checkpoint,
    seen: hello.seen,
  })
  if (judged.equivocated) return refuse('handshake_failed', judged.reasons.join('; '))
  if (binding.kind !== 'weak') await memory.rememberStrong(peer)
  if (accepted.revocations !== undefined) await init.revocations?.take(peer, accepted.revocations)
  const now = seconds(init.clock)
  const session = new OutboundSession({
    sid: m2.sid,
    peer,
    endpoint,
    channel: binding.kind,
    level: judged.level,
    reasons: judged.reasons,
    granted: { level: accepted.level, reasons: accepted.reasons },
    manifest: m2.mb,
    policyVersion: m2.pb,
    ...(judged.checkpoint === undefined ? {} : { checkpoint: judged.checkpoint }),
    clockOffset: m2.ts - hello.ts,
    opened: now,
    // In this side's time, and no later than the responder's end: what the hello took on its way only shortens it.
    exp: Math.min(accepted.exp - (m2.ts - hello.ts), hello.ts + SESSION_LIFE_SECONDS),
  })
  return { ok: true, session }
}

/** The manifest that the peer serves, unless it is the one remembered and its log keys are pinned. */
async function servedManifest(init: Initiator, named: SeenManifest): Promise<string | undefined> {
  const remembered = await init.memory.manifest(init.peer)
  if (remembered?.hash === named.hash && init.logs !== undefined) return undefined
  try {
    const reply = await init.transport.send({
      endpoint: init.endpoint,
      peer: init.peer,
      path: exchangePaths.manifest,
      method: 'GET',
      maxReplyBytes: MAX_MANIFEST_BYTES,
      signal: init.signal,
    })
    return reply.status === 200 ? Buffer.from(reply.body).toString('latin1').trim() : undefined
  } catch {
    // Without it the session is of level 0, and says so.
    return undefined
  }
}

async function ask<T>(
  init: Initiator,
  path: string,
  message: object,
  schema: MessageSchema<T>,
  maxReplyBytes: number,
): Promise<{ ok: true; message: T } | SessionRefusal> {
  let reply: PeerReply
  try {
    reply = await init.transport.send({
      endpoint: init.endpoint,
      peer: init.peer,
      path,
      method: 'POST',
      contentType: 'application/json',
      body: writeMessage(message),
      maxReplyBytes,
      signal: init.signal,
    })
  } catch (error) {
    return refuse('remote_refused', messageOf(error))
  }
  if (reply.status !== 200) return refusalOf(reply)
  const read = readMessage(reply.body, maxReplyBytes, schema)
  return read === undefined
    ? refuse('handshake_failed', 'what answers there does not speak this handshake')
    : { ok: true, message: read }
}

/** Codes that help the caller to know what to do; they are not proven, and grant nothing. */
const PASSED_ON = new Set<Code>(['clock_skew', 'busy', 'rate_limited', 'unsupported', 'identity_unavailable'])

function refusalOf(reply: PeerReply): SessionRefusal {
  const body = readMessage(reply.body, MAX_ACCEPTED_BYTES, errorBodySchema)
  const code = body !== undefined && isCode(body.code) ? body.code : undefined
  if (code !== undefined && PASSED_ON.has(code)) return refuse(code, `the peer refused the session: ${code}`)
  return refuse('handshake_failed', `the peer refused the session: ${code ?? `status ${reply.status}`}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the peer cannot be reached'
}

function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}

function refuse(code: Code, reason: string): SessionRefusal {
  return { ok: false, code, reason }
}
