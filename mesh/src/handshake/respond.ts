/**
 * The responder's side of a handshake. Nothing is kept between hello and proof: the challenge carries a cookie that only
 * this process can make, and comes back inside the proof (security.md B3).
 *
 * Checks go from cheap to dear, so that nobody buys a signature check with a malformed message. What is refused is said
 * in full to the caller of this function, who puts it in the log, and by code alone to the other side.
 */
import { randomBytes } from 'node:crypto'
import {
  type Accepted,
  type Challenge,
  type ChannelBinding,
  type CheckpointReference,
  type Clock,
  type Code,
  type Did,
  type Hello,
  helloSchema,
  type Proof,
  proofSchema,
  type SignedManifest,
  SUITE,
} from '@hansa/protocols'
import {
  decodeBase64url,
  encodeBase64url,
  type KeyResolver,
  randomId,
  type Signer,
  verifySignature,
} from '@hansa/trust'
import type { PeerMemory } from '../peers/peer-memory.ts'
import {
  CHALLENGE_LIFE_SECONDS,
  MAX_CLOCK_OFFSET_SECONDS,
  MAX_HELLO_BYTES,
  MAX_PROOF_BYTES,
  NONCE_BYTES,
} from './constants.ts'
import type { InboundSession, InboundSessions } from './inbound-sessions.ts'
import { judgePeer, type ToldOfContradictions } from './judge-peer.ts'
import type { OwnSide } from './own-side.ts'
import { readMessage, writeMessage } from './read-message.ts'
import type { RevocationStatuses } from './revocation-statuses.ts'
import { bindingFor, challengeCookie, initiatorTranscript, isOwnCookie, responderTranscript } from './transcript.ts'

export type HandshakeRefusal = {
  ok: false
  code: Code
  /** For the log, not for the other side. */
  reason: string
  /** Who it claims to be; proven only when the refusal says that the signature was good. */
  claimed?: Did
}
export type HelloReply = { ok: true; body: Uint8Array } | HandshakeRefusal
export type ProofReply = { ok: true; body: Uint8Array; session: InboundSession } | HandshakeRefusal

export interface HandshakeResponder {
  /** M1 to M2. */
  hello(bytes: Uint8Array, binding: ChannelBinding | undefined): Promise<HelloReply>
  /** M3 to M4, and a session. */
  proof(bytes: Uint8Array, binding: ChannelBinding | undefined): Promise<ProofReply>
}

export type HandshakeResponderComponents = ToldOfContradictions & {
  signer: Signer
  resolver: KeyResolver
  clock: Clock
  sessions: InboundSessions
  memory: PeerMemory
  /** Asked for each handshake, because manifest and policy change. */
  own(): OwnSide | Promise<OwnSide>
  /** What each side has revoked goes with the handshake. @default nothing is said or read of it */
  revocations?: RevocationStatuses
  /** Why this peer may not have a session, if it may not: a ban, a fork that was proven. @default nobody is kept out */
  bars?(peer: Did): string | undefined
}

export function handshakeResponder(components: HandshakeResponderComponents): HandshakeResponder {
  // A new key with each process: what an earlier one challenged is not answered here.
  const cookieKey = randomBytes(32)
  return {
    hello: (bytes, binding) => answerHello(components, cookieKey, bytes, binding),
    proof: (bytes, binding) => answerProof(components, cookieKey, bytes, binding),
  }
}

const OTHER_CERTIFICATE =
  'the peer saw another certificate key than this kernel shows: its connection ends somewhere else'

async function answerHello(
  components: HandshakeResponderComponents,
  cookieKey: Uint8Array,
  bytes: Uint8Array,
  channel: ChannelBinding | undefined,
): Promise<HelloReply> {
  if (channel === undefined) return refuse('handshake_failed', 'the channel may not carry sessions')
  const hello = readMessage(bytes, MAX_HELLO_BYTES, helloSchema)
  if (hello === undefined) return refuse('invalid_request', 'not a hello')
  const binding = bindingFor(hello, channel)
  if (binding === undefined) return refuse('handshake_failed', OTHER_CERTIFICATE, hello.a)
  const fault = helloFault(components, hello)
  if (fault !== undefined) return fault
  const { signer, clock, memory, revocations } = components
  const [own, seen] = await Promise.all([components.own(), memory.checkpoint(hello.a)])
  const bare = {
    v: 1 as const,
    t: 'hs2' as const,
    a: hello.a,
    b: signer.did,
    na: hello.na,
    nb: encodeBase64url(randomBytes(NONCE_BYTES)),
    suite: SUITE,
    sid: randomId(),
    mb: { seq: own.manifest.manifest.seq, hash: own.manifest.hash },
    pb: own.policyVersion,
    ...(seen === undefined ? {} : { seen }),
    ...(revocations === undefined ? {} : { rev: revocations.held(hello.a) }),
    ts: seconds(clock),
    kid: signer.kid,
  }
  const unsigned = { ...bare, cookie: challengeCookie(cookieKey, hello, bare) }
  const sig = encodeBase64url(signer.sign(responderTranscript(hello, unsigned, binding)))
  return { ok: true, body: writeMessage({ ...unsigned, sig } satisfies Challenge) }
}

function helloFault({ signer, clock, bars }: HandshakeResponderComponents, hello: Hello): HandshakeRefusal | undefined {
  const claimed = hello.a
  if (hello.b !== signer.did) return refuse('handshake_failed', 'the hello is for another kernel', claimed)
  if (hello.a === signer.did)
    return refuse('handshake_failed', 'the hello names this kernel as the other side', claimed)
  if (!hello.suites.includes(SUITE)) return refuse('unsupported', 'no suite in common', claimed)
  const offset = hello.ts - seconds(clock)
  if (Math.abs(offset) > MAX_CLOCK_OFFSET_SECONDS)
    return refuse('clock_skew', `the clocks are ${Math.abs(offset)} s apart`, claimed)
  const barred = bars?.(hello.a)
  return barred === undefined ? undefined : refuse('handshake_failed', barred, claimed)
}

async function answerProof(
  components: HandshakeResponderComponents,
  cookieKey: Uint8Array,
  bytes: Uint8Array,
  channel: ChannelBinding | undefined,
): Promise<ProofReply> {
  if (channel === undefined) return refuse('handshake_failed', 'the channel may not carry sessions')
  const proof = readMessage(bytes, MAX_PROOF_BYTES, proofSchema)
  if (proof === undefined) return refuse('invalid_request', 'not a proof')
  const peer = proof.m1.a
  const binding = bindingFor(proof.m1, channel)
  if (binding === undefined) return refuse('handshake_failed', OTHER_CERTIFICATE, peer)
  const fault = proofFault(components, cookieKey, proof) ?? (await signatureFault(components, proof, binding))
  if (fault !== undefined) return fault
  if (binding.kind === 'weak' && (await components.memory.wasStrong(peer)))
    return refuse('handshake_failed', 'this peer was met over a strongly bound channel before', peer)

  const tooMany = components.sessions.openingFault(peer)
  if (tooMany !== undefined) return { ...tooMany, claimed: peer }
  const judged = await judgePeer(components, {
    peer,
    named: proof.m1.ma,
    jws: proof.manifest,
    checkpoint: proof.checkpoint,
    seen: proof.m2.seen,
  })
  if (judged.equivocated) return refuse('handshake_failed', judged.reasons.join('; '), peer)
  const opened = components.sessions.open({
    sid: proof.sid,
    peer,
    channel: binding.kind,
    ...(binding.kind === 'exporter' ? { connection: binding.value } : {}),
    level: judged.level,
    reasons: judged.reasons,
    ...known(judged),
  })
  if (!opened.ok) return { ...opened, claimed: peer }
  if (binding.kind !== 'weak') await components.memory.rememberStrong(peer)
  if (proof.revocations !== undefined) await components.revocations?.take(peer, proof.revocations)
  return { ok: true, body: await acceptance(components, proof, opened.session), session: opened.session }
}

/** Everything about a proof that costs less than a signature check. */
function proofFault(
  { clock, sessions, bars }: HandshakeResponderComponents,
  cookieKey: Uint8Array,
  proof: Proof,
): HandshakeRefusal | undefined {
  const { m1, m2 } = proof
  const claimed = m1.a
  if (!isOwnCookie(cookieKey, m1, m2)) return refuse('handshake_failed', 'the challenge was not made here', claimed)
  if (proof.sid !== m2.sid) return refuse('handshake_failed', 'the proof is for another session', claimed)
  const age = seconds(clock) - m2.ts
  if (age < 0 || age >= CHALLENGE_LIFE_SECONDS)
    return refuse('handshake_failed', `the challenge is ${age} s old`, claimed)
  if (sessions.isSpent(proof.sid)) return refuse('handshake_failed', 'this proof has been used', claimed)
  const barred = bars?.(claimed)
  return barred === undefined ? undefined : refuse('handshake_failed', barred, claimed)
}

async function signatureFault(
  { resolver }: HandshakeResponderComponents,
  proof: Proof,
  binding: ChannelBinding,
): Promise<HandshakeRefusal | undefined> {
  const claimed = proof.m1.a
  const resolved = await resolver.resolve(proof.kid, 'authentication')
  if (!resolved.ok) return refuse('identity_unavailable', `no key of ${claimed}: ${resolved.reason}`, claimed)
  if (resolved.did !== claimed) return refuse('handshake_failed', `the key is of ${resolved.did}`, claimed)
  const sig = decodeBase64url(proof.sig)
  const transcript = initiatorTranscript(proof.m1, proof.m2, binding)
  if (sig !== undefined && verifySignature(resolved.key, transcript, sig)) return undefined
  return refuse('handshake_failed', 'the signature does not verify for these messages on this channel', claimed)
}

async function acceptance(
  components: HandshakeResponderComponents,
  proof: Proof,
  session: InboundSession,
): Promise<Uint8Array> {
  const own = await components.own()
  const checkpoint = await own.checkpoint?.(proof.m1.seen)
  const { sid, exp, level, reasons, peer } = session
  const { revocations } = components
  const accepted: Accepted = {
    v: 1,
    t: 'hs4',
    sid,
    exp,
    level,
    reasons: [...reasons],
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(revocations === undefined ? {} : { revocations: revocations.statusFor(peer, proof.m1.rev ?? 0) }),
  }
  return writeMessage(accepted)
}

function known(judged: { manifest?: SignedManifest; checkpoint?: CheckpointReference }) {
  const { manifest, checkpoint } = judged
  return { ...(manifest === undefined ? {} : { manifest }), ...(checkpoint === undefined ? {} : { checkpoint }) }
}

function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}

function refuse(code: Code, reason: string, claimed?: Did): HandshakeRefusal {
  return claimed === undefined ? { ok: false, code, reason } : { ok: false, code, reason, claimed }
}
