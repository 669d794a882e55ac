/**
 * A kernel in good standing as far as anyone can compute, that does on the wire whatever a test makes it do: it opens a
 * real session, and then signs what no honest kernel would.
 */
import { type OutboundSession, openSession, peerMemory } from '@hansa/mesh'
import {
  type Ack,
  type CapabilityDescriptor,
  type CapabilityManifest,
  type Clock,
  callFrameLimits,
  type Did,
  decodeFrames,
  encodeFrames,
  exchangePaths,
  type Intent,
  memoryStore,
  type PeerTransport,
  REVOCATION_STATUS_TYP,
  type Receipt,
  type RevocationStatus,
  replyFrameLimits,
  revealReplyFrameLimits,
} from '@hansa/protocols'
import {
  type BatchSigner,
  batchSigner,
  commitTo,
  decodeBase64url,
  didKeyResolver,
  envelopeHash,
  type KeyResolver,
  newSalt,
  randomId,
  readLink,
  type Signer,
  sha256,
  signJws,
  signManifest,
} from '@hansa/trust'
import { mallory } from '@hansa/trust/testing'
import type { TestMesh } from './test-mesh.ts'

const SOURCE = 'http://127.0.0.1:7999'

export type RogueAnswer = {
  status: number
  /** Of an unsigned answer. */
  code?: string
  receipt?: Receipt
  receiptHash?: string
  result?: string
  /** Of the arguments that were sent. */
  salt?: Uint8Array
}

export type RogueCall = Partial<Intent> & {
  args?: unknown
  /** Sent instead of the arguments that the intent commits to. */
  sentArgs?: unknown
  /** Delegation links that travel with it, first one first. Their hashes are in the intent unless it says otherwise. */
  chain?: readonly string[]
  /** Signs instead of the rogue itself. */
  signedBy?: Signer
}

/** Whom a rogue turns against, and how it gets there. */
export type Victim = {
  did: Did
  endpoint: string
  transport: PeerTransport
  clock: Clock
  capabilities: readonly CapabilityDescriptor[]
  /** @default of did:key only */
  resolver?: KeyResolver
}

export class RoguePeer {
  readonly signer: Signer
  readonly #victim: Victim
  readonly #session: OutboundSession
  readonly #batch: BatchSigner

  /** In a mesh in memory. */
  static async open<N extends string>(
    mesh: TestMesh<N>,
    name: N,
    signer: Signer = mallory,
    shown: Partial<CapabilityManifest> = {},
  ): Promise<RoguePeer> {
    const { clock } = mesh
    const { did } = mesh.kernel(name)
    await mesh.trust(name, signer.did)
    const { capabilities } = (await mesh.kernel(name).advertise()).manifest
    const place = { endpoint: mesh.endpoint(name), transport: mesh.network.transport(SOURCE) }
    return await RoguePeer.against({ ...place, did, clock, capabilities }, signer, shown)
  }

  /** @param shown of its manifest */
  static async against(victim: Victim, signer: Signer, shown: Partial<CapabilityManifest> = {}): Promise<RoguePeer> {
    const { did: peer, endpoint, transport, clock } = victim
    const now = Math.floor(clock.now() / 1000)
    const manifest = signManifest(signer, {
      v: 1,
      kernel_id: signer.did,
      seq: now,
      prev: null,
      iat: now,
      exp: now + 3600,
      endpoints: [],
      logs: [],
      policy: { version: 1, min_version: 1, hash: Buffer.from(sha256('policy')).toString('base64url') },
      capabilities: [],
      ...shown,
    })
    const opened = await openSession({
      ...{ transport, endpoint, peer, signer, clock },
      resolver: victim.resolver ?? didKeyResolver(),
      own: { manifest, policyVersion: 1 },
      memory: peerMemory()({ store: memoryStore(), clock }),
      revocations: { held: () => 0, statusFor: (peer) => statusOf(signer, peer, now), take: async () => {} },
    })
    if (!opened.ok) throw new Error(`the rogue has no session: ${opened.code}, ${opened.reason}`)
    return new RoguePeer(victim, signer, opened.session)
  }

  private constructor(victim: Victim, signer: Signer, session: OutboundSession) {
    this.#victim = victim
    this.signer = signer
    this.#session = session
    this.#batch = batchSigner(signer)
  }

  /** Posts a notice of a sanction in a session. @returns the status of the answer */
  async notice(notice: string, sid: string = this.#session.sid): Promise<number> {
    const { endpoint, transport } = this.#victim
    const body = Buffer.from(JSON.stringify({ v: 1, sid, notice }))
    const sending = { path: exchangePaths.notices, method: 'POST', contentType: 'application/json', body } as const
    return (await transport.send({ endpoint, maxReplyBytes: 4_096, ...sending })).status
  }

  /** Hands over a proposal or an acceptance of an agreement. @returns the status of the answer */
  async agreement(kind: 'proposal' | 'acceptance', jws: string, sid: string = this.#session.sid): Promise<number> {
    const { endpoint, transport } = this.#victim
    const body = Buffer.from(JSON.stringify({ v: 1, sid, kind, jws }))
    const sending = { path: exchangePaths.agreements, method: 'POST', contentType: 'application/json', body } as const
    return (await transport.send({ endpoint, maxReplyBytes: 4_096, ...sending })).status
  }

  get sid(): string {
    return this.#session.sid
  }

  /** The frames of a call, signed, not sent. */
  async body({
    args = { text: 'x' },
    sentArgs = args,
    chain = [],
    signedBy,
    ...over
  }: RogueCall = {}): Promise<Uint8Array> {
    const cap = over.cap ?? 'echo'
    const bytes = Buffer.from(JSON.stringify(args))
    const salt = newSalt()
    const iat = Math.floor(this.#victim.clock.now() / 1000)
    const intent: Intent = {
      v: 1,
      call_id: randomId(),
      sid: this.#session.sid,
      ctr: over.ctr ?? this.#session.nextCtr(),
      iss: this.signer.did,
      aud: this.#victim.did,
      sub: Buffer.from(sha256('somebody')).toString('base64url'),
      cap,
      cap_hash: this.#victim.capabilities.find(({ id }) => id === cap)?.hash ?? 'A'.repeat(43),
      args_c: commitTo(salt, bytes),
      labels: [],
      prf: chain.flatMap((jws) => readLink(jws)?.hash ?? []),
      hops: [this.signer.did],
      ttl_hops: 3,
      deadline_ms: 10_000,
      iat,
      exp: iat + 60,
      ...over,
    }
    const { text } = await (signedBy === undefined ? this.#batch : batchSigner(signedBy)).sign('hansa-intent', intent)
    return encodeFrames([Buffer.from(text), Buffer.from(chain.join('\n')), salt, Buffer.from(JSON.stringify(sentArgs))])
  }

  async call(over: RogueCall = {}): Promise<RogueAnswer> {
    const body = await this.body(over)
    const salt = decodeFrames(body, callFrameLimits)?.[2]?.slice()
    return { ...(await this.send(exchangePaths.call, body)), ...(salt === undefined ? {} : { salt }) }
  }

  /** Asks for the result that waits for this acknowledgement. */
  async reveal(ack: Partial<Ack>, salt: Uint8Array, signer: Signer = this.signer): Promise<RogueAnswer> {
    const { text } = await batchSigner(signer).sign('hansa-ack', { v: 1, ...ack })
    return this.send(exchangePaths.reveal, encodeFrames([Buffer.from(text), salt]))
  }

  /** Posts bytes to the victim, and reads what comes back. */
  async send(path: string, body: Uint8Array): Promise<RogueAnswer> {
    const { endpoint, transport } = this.#victim
    const { status, body: reply } = await transport.send({
      endpoint,
      path,
      method: 'POST',
      body,
      maxReplyBytes: 10_000_000,
    })
    if (status === 200 && path === exchangePaths.reveal) {
      const [, revealed] = decodeFrames(reply, revealReplyFrameLimits) ?? []
      return { status, result: Buffer.from(revealed ?? []).toString() }
    }
    const frames = status === 200 && path === exchangePaths.call ? decodeFrames(reply, replyFrameLimits) : undefined
    const [envelope, , result] = frames ?? []
    if (envelope === undefined) return { status, ...codeIn(reply) }
    const payload = decodeBase64url(JSON.parse(Buffer.from(envelope).toString()).payload) ?? new Uint8Array(0)
    const receipt: Receipt = JSON.parse(Buffer.from(payload).toString())
    const receiptHash = envelopeHash('hansa-receipt', payload)
    return { status, receipt, receiptHash, result: Buffer.from(result ?? []).toString() }
  }

  /** Acknowledges anything, true or not, as anyone whose key it has. */
  async ack(callId: string, receiptHash: string, signer: Signer = this.signer): Promise<RogueAnswer> {
    const ack = { v: 1, call_id: callId, receipt_hash: receiptHash }
    const { text } = await batchSigner(signer).sign('hansa-ack', ack)
    return this.send(exchangePaths.acks, Buffer.from(`[${text}]`))
  }

  /** The same of several at once. */
  async acks(acks: readonly Partial<Ack>[], signer: Signer = this.signer): Promise<RogueAnswer> {
    const { text } = await batchSigner(signer).sign('hansa-acks', { v: 1, acks })
    return this.send(exchangePaths.acks, Buffer.from(text))
  }
}

/** That it has revoked nothing, or whatever a test makes it say. */
export function statusOf(signer: Signer, aud: Did, iat: number, over: Partial<RevocationStatus> = {}): string {
  const status = { v: 1, iss: signer.did, aud, iat, seq: 0, since: 0, revocations: [], have: 0, ...over }
  return signJws(signer, REVOCATION_STATUS_TYP, status).jws
}

function codeIn(body: Uint8Array): { code?: string } {
  try {
    const { code } = JSON.parse(Buffer.from(body).toString())
    return typeof code === 'string' ? { code } : {}
  } catch {
    return {}
  }
}
