/** Asks another kernel for the newest checkpoints that it knows, and for a proof about its own log; signed both ways. */
import { randomBytes } from 'node:crypto'
import {
  type Clock,
  type Did,
  exchangePaths,
  HEADS_REQUEST_TYP,
  HEADS_TYP,
  type Heads,
  type HeadsRequest,
  headsSchema,
  MAX_HEADS_BYTES,
  MAX_HEADS_LIFE_SECONDS,
  type PeerTransport,
} from '@hansa/protocols'
import { encodeBase64url, type KeyResolver, type Signer, signJws, taggedHash, verifyJws } from '@hansa/trust'

/** Milliseconds for one question. */
const LIMIT_MS = 10_000

export type Question = Pick<HeadsRequest, 'logs' | 'prove'>
/** `question` and `answer` as they travelled. */
export type Answered = { ok: true; heads: Heads; question: string; answer: string } | { ok: false; reason: string }

export type AskHeads = (peer: Did, endpoint: string, question: Question) => Promise<Answered>

export type HeadAskerComponents = {
  signer: Signer
  resolver: KeyResolver
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
}

/** Never throws for anything that the peer or the network does. */
export function headAsker({ signer, resolver, clock, transport }: HeadAskerComponents): AskHeads {
  return async (peer, endpoint, question) => {
    const iat = Math.floor(clock.now() / 1000)
    const request: HeadsRequest = {
      v: 1,
      iss: signer.did,
      aud: peer,
      iat,
      exp: iat + MAX_HEADS_LIFE_SECONDS,
      nonce: encodeBase64url(randomBytes(32)),
      ...question,
    }
    const signed = signJws(signer, HEADS_REQUEST_TYP, request)
    const reply = await send({ clock, transport }, peer, endpoint, signed.jws)
    if (typeof reply === 'string') return { ok: false, reason: reply }
    if (reply.status !== 200) return { ok: false, reason: `it answered with status ${reply.status}` }
    const answer = Buffer.from(reply.body).toString('latin1').trim()
    const verdict = await verifyJws(answer, {
      typ: HEADS_TYP,
      resolver,
      maxBytes: MAX_HEADS_BYTES,
      issuerOf: ({ iss }) => iss,
    })
    if (!verdict.ok) return { ok: false, reason: `its answer does not verify: ${verdict.reason}` }
    const heads = headsSchema.safeParse(verdict.payload)
    if (!heads.success) return { ok: false, reason: 'its answer is malformed' }
    const { iss, aud, request: answered } = heads.data
    if (iss !== peer || aud !== signer.did || answered !== taggedHash('heads-request', signed.payloadBytes))
      return { ok: false, reason: 'its answer is to another question' }
    return { ok: true, heads: heads.data, question: signed.jws, answer }
  }
}

async function send(
  { clock, transport }: Pick<HeadAskerComponents, 'clock' | 'transport'>,
  peer: Did,
  endpoint: string,
  jws: string,
): Promise<{ status: number; body: Uint8Array } | string> {
  const controller = new AbortController()
  const cancel = clock.after(LIMIT_MS, () => controller.abort())
  try {
    return await transport.send({
      endpoint,
      peer,
      path: exchangePaths.heads,
      method: 'POST',
      contentType: 'application/jose',
      body: Buffer.from(jws, 'latin1'),
      maxReplyBytes: MAX_HEADS_BYTES,
      signal: controller.signal,
    })
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be reached'
  } finally {
    cancel()
  }
}
