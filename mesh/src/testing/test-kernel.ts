/**
 * The parts of a kernel that this package talks to, on a memory network: a manifest, a log with checkpoints, sessions. For
 * the tests of this package.
 */
import { randomBytes } from 'node:crypto'
import {
  type CapabilityManifest,
  type CheckpointProof,
  type CheckpointReference,
  exchangePaths,
  httpStatus,
  type InboundHandler,
  type InboundReply,
  memoryStore,
  type SignedManifest,
} from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import {
  consistencyPath,
  didKeyResolver,
  encodeBase64url,
  rootOf,
  type Signer,
  sha256,
  signManifest,
} from '@hansa/trust'
import { formatCheckpoint, noteKey } from '@hansa/trust/ledger'
import { aManifest, NOW } from '@hansa/trust/testing'
import { type InboundSessions, inboundSessions } from '../handshake/inbound-sessions.ts'
import { type OpenedSession, type OpenSessionInit, openSession } from '../handshake/initiate.ts'
import type { OwnSide } from '../handshake/own-side.ts'
import { type HandshakeResponder, handshakeResponder } from '../handshake/respond.ts'
import { type PeerMemory, peerMemory } from '../peers/peer-memory.ts'
import type { MemoryNetwork } from './memory-network.ts'

/** A clock that stands at the time of the builders. */
export function clockAtNow(): ManualClock {
  return manualClock(NOW * 1000)
}

/** A log that holds numbered leaves. */
export class TestLog {
  readonly origin: string
  readonly #key: ReturnType<typeof noteKey>
  #leaves: Uint8Array[] = []

  constructor(origin: string) {
    this.origin = origin
    this.#key = noteKey(origin, sha256(`log key of ${origin}`))
    this.append(3)
  }

  get vkey(): string {
    return this.#key.vkey
  }

  append(count: number): void {
    for (let n = 0; n < count; n++)
      this.#leaves.push(sha256(`${this.origin} ${this.#leaves.length} ${randomBytes(4).toString('hex')}`))
  }

  /** Forgets its last entries and writes others: what no honest log does. */
  rewrite(keep: number, add: number): void {
    this.#leaves = this.#leaves.slice(0, keep)
    this.append(add)
  }

  head(): CheckpointReference {
    return { origin: this.origin, size: this.#leaves.length, root: encodeBase64url(rootOf(this.#leaves)) }
  }

  note(): string {
    return this.#key.sign(formatCheckpoint(this.head()))
  }

  proof(seen: CheckpointReference | undefined): CheckpointProof {
    if (seen === undefined || seen.size > this.#leaves.length || seen.size === 0) return { note: this.note() }
    const path = consistencyPath(this.#leaves, seen.size)
    return { note: this.note(), consistency: path.map((hash) => encodeBase64url(hash)) }
  }
}

export class TestKernel implements InboundHandler {
  readonly signer: Signer
  readonly endpoint: string
  readonly clock: ManualClock
  readonly resolver = didKeyResolver()
  readonly store = memoryStore()
  readonly memory: PeerMemory
  readonly sessions: InboundSessions
  readonly responder: HandshakeResponder
  readonly log: TestLog
  readonly barred = new Map<string, string>()
  signed: SignedManifest
  readonly #author: Signer
  readonly #network: MemoryNetwork

  /** @param author signs the manifest, where that is somebody else than the signer of the handshake. */
  constructor(signer: Signer, name: string, network: MemoryNetwork, clock: ManualClock, author = signer) {
    this.signer = signer
    this.#author = author
    this.endpoint = `http://${name}.test`
    this.clock = clock
    this.#network = network
    this.log = new TestLog(`${name}.test/hansa/log/1`)
    this.memory = peerMemory()({ store: this.store, clock })
    this.sessions = inboundSessions()({ clock })
    this.signed = this.advertise({ name })
    this.responder = handshakeResponder({
      signer,
      resolver: this.resolver,
      clock,
      sessions: this.sessions,
      memory: this.memory,
      own: () => this.own(),
      bars: (peer) => this.barred.get(peer),
    })
    network.attach(this.endpoint, this)
  }

  /** Signs the next manifest and serves it from now on. */
  advertise(over: Partial<CapabilityManifest> = {}): SignedManifest {
    const before = this.signed?.manifest
    const iat = Math.floor(this.clock.now() / 1000)
    const manifest = aManifest({
      ...before,
      kernel_id: this.signer.did,
      seq: before === undefined ? iat : before.seq + 1,
      iat,
      exp: iat + 3_600,
      endpoints: [{ proto: 'hansa-http/1', url: this.endpoint }],
      logs: [{ origin: this.log.origin, vkey: this.log.vkey }],
      ...over,
    })
    this.signed = signManifest(this.#author, manifest)
    return this.signed
  }

  own(): OwnSide {
    return { manifest: this.signed, policyVersion: 1, checkpoint: async (seen) => this.log.proof(seen) }
  }

  /** Opens a session with another kernel. */
  open(peer: TestKernel, over: Partial<OpenSessionInit> = {}): Promise<OpenedSession> {
    return openSession({
      transport: this.#network.transport(this.endpoint),
      endpoint: peer.endpoint,
      peer: peer.signer.did,
      signer: this.signer,
      resolver: this.resolver,
      clock: this.clock,
      own: this.own(),
      memory: this.memory,
      ...over,
    })
  }

  async handle({ path, body, binding }: Parameters<InboundHandler['handle']>[0]): Promise<InboundReply> {
    if (path === exchangePaths.manifest) return text(200, this.signed.jws)
    const reply =
      path === exchangePaths.hello ? this.responder.hello(body, binding) : this.responder.proof(body, binding)
    const outcome = await reply
    if (outcome.ok) return { status: 200, contentType: 'application/json', body: outcome.body }
    return text(httpStatus[outcome.code], JSON.stringify({ code: outcome.code }))
  }
}

function text(status: number, content: string): InboundReply {
  return { status, contentType: 'text/plain', body: Buffer.from(content) }
}
