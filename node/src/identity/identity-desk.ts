/**
 * Changing the key of this kernel while it runs: each step is in the audit log before it is published, and takes place at
 * its time, also when the kernel was down then. What signs changes between two turns of the event loop, and peers have
 * known the new key before, so no call fails by it.
 */
import { inTurn } from '@hansa/mesh'
import {
  CallError,
  type Clock,
  type Did,
  type EntryDraft,
  type EventLogger,
  type IdentityKeys,
  type InboundReply,
  type InboundRequest,
  type RenewUpdateKey,
  type RevokeKey,
  type RotateKey,
} from '@hansa/protocols'
import { type IdentityResolver, nextKeyHash, type Signer } from '@hansa/trust'
import { jsonReply } from '../exchange/inbound-reply.ts'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { NewRevocation } from '../revocation/revocation-desk.ts'
import type { Revocations } from '../revocation/revocations.ts'
import type { OwnIdentity } from './own-identity.ts'

export type RotationTimes = {
  /**
   * Seconds from the announcement of a key to its first use. Peers look at least every five minutes, and at once for a key
   * that they do not know, but not more often than every ten seconds. @default 600
   */
  announceSeconds: number
  /** Seconds for which the key before stays in the document: the longest life of what it signed, and the skew. @default 3_660 */
  overlapSeconds: number
}

export const DEFAULT_ROTATION_TIMES: RotationTimes = { announceSeconds: 600, overlapSeconds: 3_660 }

export type IdentityDeskComponents = {
  signer: Signer
  /** @default none: the identity is its key */
  identity?: OwnIdentity | undefined
  clock: Clock
  logger: EventLogger
  events: Pick<Events, 'record'>
  resolver: Pick<IdentityResolver, 'adopt'>
  revocations: Pick<Revocations, 'revoked'> & { make(init: NewRevocation): Promise<unknown> }
  times?: Partial<RotationTimes> | undefined
}

/** Longest wait of one timer, and until a step that failed is tried again, milliseconds. */
const MAX_WAIT_MS = 3_600_000
const RETRY_MS = 60_000

const FIXED =
  'The identity of this node is its key (did:key), so the key cannot change. Make a node whose identity has a log, and tell your peers its DID: hansa init --did webvh --domain HOST --home DIR. See docs/guides/identity.md'

export class IdentityDesk {
  readonly #c: IdentityDeskComponents
  readonly #times: RotationTimes
  readonly #inTurn = inTurn()
  #cancel: (() => void) | undefined
  #closed = false

  /** Takes the steps that fell due while the kernel was down, and tells of revocations that nobody was told of. */
  static async open(components: IdentityDeskComponents): Promise<IdentityDesk> {
    const desk = new IdentityDesk(components)
    const { identity: own, resolver } = components
    if (own === undefined) return desk
    resolver.adopt(own.log)
    for (const { kid, compromised_since: since, reason } of own.log.current.keys.revoked)
      await desk.#tell(kid, since, reason)
    await desk.#step()
    return desk
  }

  private constructor(components: IdentityDeskComponents) {
    this.#c = components
    this.#times = { ...DEFAULT_ROTATION_TIMES, ...components.times }
  }

  /** Signs with the key that is in use when it is asked. */
  get signer(): Signer {
    return this.#c.signer
  }

  async keys(): Promise<IdentityKeys> {
    const { identity: own, signer } = this.#c
    return (
      own?.keys() ?? { did: signer.did, method: methodOf(signer.did), keys: [{ kid: signer.kid, state: 'signing' }] }
    )
  }

  /** @throws CallError `unsupported` for did:key; `invalid_request` while a rotation is under way. */
  rotate({ delay }: RotateKey = {}): Promise<IdentityKeys> {
    return this.#inTurn(async () => {
      const own = this.#own()
      const { clock, events, logger } = this.#c
      const signsFrom = Math.ceil(clock.now() / 1000) + (delay ?? this.#times.announceSeconds)
      const times = { signs_from: signsFrom, retires: signsFrom + this.#times.overlapSeconds }
      const record = (kid: string) => events.record(keyEntry('key.announced', kid, { since: signsFrom }), [])
      const { kid } = await own.announce(times, record)
      this.#c.resolver.adopt(own.log)
      logger.info('identity.key_announced', { kid, signs_from: signsFrom })
      await this.#step()
      return own.keys()
    })
  }

  /** @throws CallError `unsupported` for did:key; `not_found` for a key that the identity never had. */
  revoke({ kid, compromisedSince, reason }: RevokeKey): Promise<IdentityKeys> {
    return this.#inTurn(async () => {
      const own = this.#own()
      const { clock, resolver, logger } = this.#c
      if (compromisedSince > clock.now() / 1000)
        throw new CallError({ code: 'invalid_request' }, 'invalid_request: A key cannot be compromised in the future.')
      await own.revoke(kid, compromisedSince, reason)
      resolver.adopt(own.log)
      await this.#tell(kid, compromisedSince, reason)
      logger.warn('identity.key_revoked', { kid, reason })
      this.#arm()
      return own.keys()
    })
  }

  /** @throws CallError `unsupported` for did:key; `invalid_request` while a rotation is under way. */
  renew({ recovery }: RenewUpdateKey = {}): Promise<IdentityKeys> {
    return this.#inTurn(async () => {
      const own = this.#own()
      const hash = recovery === undefined ? undefined : recovery === null ? 'none' : nextKeyHash(recovery)
      await this.#c.events.record({ type: 'key.renewed', ext: { kid: own.signingKid } }, [])
      await own.renew(hash)
      this.#c.resolver.adopt(own.log)
      this.#c.logger.info('identity.update_key_renewed', { kid: own.signingKid })
      return own.keys()
    })
  }

  /** `GET` of what the identity publishes. */
  async serve({ path }: InboundRequest): Promise<InboundReply> {
    const published = this.#c.identity?.published(path)
    // Not counted as a refusal: who looks for an identity asks for what is not there.
    if (published === undefined) return jsonReply({ code: 'not_found' }, 404)
    return { status: 200, contentType: published.contentType, body: Buffer.from(published.text) }
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #own(): OwnIdentity {
    const { identity: own } = this.#c
    if (own === undefined) throw new CallError({ code: 'unsupported' }, `unsupported: ${FIXED}`)
    return own
  }

  /** Peers that are connected need not wait until they look at the document. */
  async #tell(kid: string, since: number, reason: string): Promise<void> {
    const { revocations } = this.#c
    const told = revocations.revoked('key', kid)
    if (told?.since === undefined || told.since > since)
      await revocations.make({ kind: 'key', what: kid, since, reason })
  }

  /** Whatever is due now, and a timer for what comes after. */
  async #step(): Promise<void> {
    const { identity: own, logger } = this.#c
    try {
      while (own !== undefined && this.#dueMs(own) <= this.#c.clock.now()) await this.#next(own)
      this.#arm()
    } catch (error) {
      logger.error('identity.rotation_stalled', { ...faultFields(error), retry_seconds: RETRY_MS / 1000 })
      this.#arm(RETRY_MS)
    }
  }

  async #next(own: OwnIdentity): Promise<void> {
    const { events, logger, resolver } = this.#c
    const rotation = own.rotation
    if (rotation === undefined) return
    const { kid, previous } = rotation
    if (own.signingKid !== kid) {
      await events.record(keyEntry('key.rotated', kid), [])
      await own.switch()
      logger.info('identity.key_in_use', { kid })
      return
    }
    await own.requireUpdateKey()
    await events.record(keyEntry('key.retired', previous), [])
    await own.retire()
    resolver.adopt(own.log)
    logger.info('identity.key_retired', { kid: previous })
  }

  /** Unix milliseconds of the next step. */
  #dueMs({ rotation, signingKid }: OwnIdentity): number {
    if (rotation === undefined) return Number.POSITIVE_INFINITY
    return 1000 * (signingKid === rotation.kid ? rotation.retires : rotation.signs_from)
  }

  #arm(afterMs?: number): void {
    this.#cancel?.()
    this.#cancel = undefined
    const { identity: own, clock } = this.#c
    if (own === undefined || own.rotation === undefined || this.#closed) return
    const waitMs = afterMs ?? Math.min(Math.max(0, this.#dueMs(own) - clock.now()), MAX_WAIT_MS)
    this.#cancel = clock.after(waitMs, () => void this.#inTurn(() => this.#step()))
  }
}

function keyEntry(type: 'key.announced' | 'key.rotated' | 'key.retired', kid: string, ext = {}): EntryDraft {
  return { type, ext: { kid, ...ext } }
}

function methodOf(did: Did): string {
  return did.split(':')[1] ?? ''
}
