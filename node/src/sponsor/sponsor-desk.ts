/**
 * Claims of sponsors about agents of this kernel: each was verified when an operator took it in, and is in the store and in
 * the log before it counts. Rules may ask who vouches for whoever calls.
 */
import {
  type AddSponsor,
  CallError,
  type Clock,
  type Did,
  MAX_SPONSOR_BYTES,
  type SignSponsor,
  type SponsorInfo,
  type Sponsors,
  type Store,
  type UnixSeconds,
} from '@hansa/protocols'
import {
  type KeyResolver,
  keptSponsorClaim,
  makeSponsorClaim,
  parsedJson,
  type ReadSponsorClaim,
  type Signer,
  verifySponsorClaim,
} from '@hansa/trust'
import { z } from 'zod'
import type { Events } from '../kernel/event-outbox.ts'
import type { Revocations } from '../revocation/revocations.ts'

/** Bounds what looking for the sponsor of a caller costs. */
export const MAX_CLAIMS = 1_000
/** Characters of an id that name a claim, when no other begins with them. */
const MIN_ID_CHARS = 8

/** Between the clocks of a sponsor and of this kernel. */
const SKEW_SECONDS = 60

const NAMESPACE = 'sponsors'
const recordSchema = z.strictObject({ v: z.literal(1), jws: z.string().max(MAX_SPONSOR_BYTES), since: z.int() })

export type SponsorDeskComponents = {
  self: Did
  signer: Signer
  store: Store
  clock: Clock
  resolver: KeyResolver
  events: Events
  revocations: Revocations
}

export type SponsorFacts = { did: Did; purpose: string }

type Kept = ReadSponsorClaim & { since: number }

export class SponsorDesk implements Sponsors {
  readonly #c: SponsorDeskComponents
  readonly #claims = new Map<string, Kept>()
  /** By agent, so that no call looks at claims of others. */
  readonly #byAgent = new Map<string, Kept[]>()

  /** @throws Error for a record that cannot be read: it must not look like none. */
  static async open(components: SponsorDeskComponents): Promise<SponsorDesk> {
    const desk = new SponsorDesk(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = recordSchema.safeParse(parsedJson(value))
      const read = record.success ? keptSponsorClaim(record.data.jws) : undefined
      if (!record.success || read?.hash !== key)
        throw new Error(`the claim ${key} that is stored cannot be read; restore the store`)
      desk.#hold({ ...read, since: record.data.since })
    }
    return desk
  }

  private constructor(components: SponsorDeskComponents) {
    this.#c = components
  }

  /** Who vouches for an agent now; of several the one that was taken in last. */
  of(principal: string): SponsorFacts | undefined {
    const found = this.#byAgent.get(principal)?.findLast((kept) => this.#stateOf(kept) === 'valid')
    return found === undefined ? undefined : { did: found.claim.iss, purpose: found.claim.purpose }
  }

  async list(): Promise<SponsorInfo[]> {
    return [...this.#claims.values()].sort((a, b) => a.since - b.since).map((kept) => this.#info(kept))
  }

  async sign(init: SignSponsor): Promise<{ claim: string }> {
    if (init.kernel === this.#c.self)
      throw invalid('this kernel cannot vouch for its own agents: its sponsor is a person, or another organisation')
    const made = makeSponsorClaim(this.#c.signer, init, this.#now())
    if (!made.ok) throw invalid(made.reason === 'claim_life' ? 'a claim lives a year at most' : made.reason)
    return { claim: made.read.jws }
  }

  async add({ claim, by }: AddSponsor): Promise<SponsorInfo> {
    const { resolver, self, events } = this.#c
    const reading = await verifySponsorClaim(claim.trim(), { resolver, kernel: self, now: this.#now() })
    if (!reading.ok) throw invalid(`the claim does not hold: ${reading.reason}; ask its sponsor for another one`)
    if (this.#claims.size >= MAX_CLAIMS) throw invalid(`a kernel keeps at most ${MAX_CLAIMS} claims; remove some first`)
    const { read } = reading
    const kept = { ...read, since: this.#now() }
    const told = {
      type: 'sponsor.added',
      actor: by,
      peer: read.claim.iss,
      ext: { hash: read.hash, jws: read.jws, expires: read.claim.exp, note: read.claim.agent },
    } as const
    const value = JSON.stringify({ v: 1, jws: read.jws, since: kept.since })
    await events.record(told, [{ namespace: NAMESPACE, key: read.hash, value }])
    this.#hold(kept)
    return this.#info(kept)
  }

  async remove(id: string, by: string): Promise<SponsorInfo> {
    const found = [...this.#claims.values()].filter(
      ({ hash }) => hash === id || (id.length >= MIN_ID_CHARS && hash.startsWith(id)),
    )
    const [kept] = found
    if (kept === undefined || found.length > 1)
      throw new CallError({ code: 'not_found' }, `not_found: No claim ${id} is kept here. See: hansa sponsor list`)
    this.#drop(kept)
    const told = { type: 'sponsor.removed', actor: by, ext: { hash: kept.hash, note: kept.claim.agent } } as const
    await this.#c.events.record(told, [{ namespace: NAMESPACE, key: kept.hash }])
    return this.#info(kept)
  }

  #hold(kept: Kept): void {
    const known = this.#claims.get(kept.hash)
    if (known !== undefined) this.#drop(known)
    this.#claims.set(kept.hash, kept)
    const { agent } = kept.claim
    this.#byAgent.set(agent, [...(this.#byAgent.get(agent) ?? []), kept])
  }

  #drop(kept: Kept): void {
    this.#claims.delete(kept.hash)
    const { agent } = kept.claim
    const rest = (this.#byAgent.get(agent) ?? []).filter((one) => one !== kept)
    if (rest.length === 0) this.#byAgent.delete(agent)
    else this.#byAgent.set(agent, rest)
  }

  #info(kept: Kept): SponsorInfo {
    const { iss: sponsor, agent, purpose, nbf, exp } = kept.claim
    return { id: kept.hash, state: this.#stateOf(kept), sponsor, agent, purpose, nbf, exp, claim: kept.jws }
  }

  #stateOf({ claim, jws }: Kept): SponsorInfo['state'] {
    if (this.#isKeyRevoked(claim.iss, jws)) return 'revoked'
    const now = this.#now()
    if (now >= claim.exp) return 'expired'
    return now < claim.nbf - SKEW_SECONDS ? 'not_yet' : 'valid'
  }

  /** A key that its owner has taken back vouches for nobody; when that cannot be told, neither. */
  #isKeyRevoked(iss: Did, jws: string): boolean {
    const header = parsedJson(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString('utf8'))
    const kid = (header as { kid?: unknown } | undefined)?.kid
    try {
      return typeof kid !== 'string' || this.#c.revocations.revoked('key', kid, [iss]) !== undefined
    } catch {
      return true
    }
  }

  #now(): UnixSeconds {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
