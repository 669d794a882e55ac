/** What an operator asks and says about the standing of other kernels. */
import {
  CallError,
  type Clock,
  type Did,
  type EntryDraft,
  isDid,
  type PeerInfo,
  type StandingExplanation,
  type StandingInfo,
  type VouchParams,
} from '@hansa/protocols'
import { dayOf, type EvidenceLog, explainStanding, scoreOf } from '@hansa/trust/score'
import type { Endorsing } from './endorsing.ts'
import { withStanding } from './ranked.ts'
import type { Standing } from './standing.ts'

export interface StandingOperations {
  /** Every kernel that is known, or of which the log says something; the highest score first. */
  list(): Promise<StandingInfo[]>
  /**
   * @param who alias or DID
   * @param day since 1970, UTC @default today
   * @throws CallError `not_found` for an alias that nobody has.
   */
  explain(who: string, day?: number): Promise<StandingExplanation>
  /**
   * What a peer says that this kernel may be trusted with there.
   * @throws CallError `not_found` for one that is not imported; `remote_refused` when it gives no answer that fits.
   */
  ask(who: string): Promise<StandingExplanation>
  /** A floor for the score of a kernel, until a day. Replaces what was vouched for it before. */
  vouch(params: VouchParams): Promise<StandingExplanation>
  /** Takes back what `vouch` said. @throws CallError `not_found` when nothing was said, or has ended. */
  unvouch(params: Said): Promise<StandingExplanation>
  /** Peers that ask are told what a kernel is worth here. Saying it again changes nothing. */
  endorse(params: Said): Promise<StandingInfo>
  /** Nobody is told any more. @throws CallError `not_found` for one that is not endorsed. */
  unendorse(params: Said): Promise<StandingInfo>
}

type Said = { who: string; by: string; reason?: string }

export type StandingDeskComponents = {
  self: Did
  clock: Clock
  evidence: EvidenceLog
  standing: Standing
  endorsing: Pick<Endorsing, 'has' | 'begin' | 'end'>
  /** Kernels that the operator has made known. */
  known(): readonly { did: Did; alias?: string | undefined; imports?: readonly string[] }[]
  append(draft: EntryDraft): { durable: Promise<void> }
  /** Asks a peer for the standing of this kernel there. */
  ask(peer: Did): Promise<StandingExplanation>
}

/** Seconds of the longest time for which an operator can vouch: ten years. */
const MAX_VOUCH_SECONDS = 3_653 * 86_400

export class StandingDesk implements StandingOperations {
  readonly #c: StandingDeskComponents

  constructor(components: StandingDeskComponents) {
    this.#c = components
  }

  async list(): Promise<StandingInfo[]> {
    const { known, evidence, self } = this.#c
    const aliases = new Map(known().map(({ did, alias }) => [did, alias]))
    const dids = new Set([...aliases.keys(), ...evidence.peers()])
    dids.delete(self)
    const all = [...dids].map((did) => this.#info(did, aliases.get(did)))
    return all.sort((a, b) => b.score - a.score || (a.did < b.did ? -1 : 1))
  }

  async explain(who: string, day?: number): Promise<StandingExplanation> {
    return this.explanationFor(this.#find(who), day)
  }

  /** What is told to the kernel itself, too. */
  explanationFor(of: Did, day = dayOf(this.#c.clock.now())): StandingExplanation {
    const { self, evidence } = this.#c
    return explainStanding(evidence, { by: self, of, day })
  }

  /** Peers with their standing. */
  beside(peers: readonly PeerInfo[]): PeerInfo[] {
    return withStanding(peers, this.#c.standing)
  }

  async ask(who: string): Promise<StandingExplanation> {
    return this.#c.ask(this.#find(who))
  }

  async vouch({ who, standing, until, reason, by }: VouchParams): Promise<StandingExplanation> {
    const peer = this.#find(who)
    const now = Math.floor(this.#c.clock.now() / 1000)
    if (until <= now) throw refused('the last day has passed; give a later one with --until')
    if (until > now + MAX_VOUCH_SECONDS) throw refused('nobody vouches for more than ten years; give an earlier day')
    const ext = { source: SOURCE, standing, expires: until, ...(reason === undefined ? {} : { reason }) }
    await this.#c.append({ type: 'standing.vouched', actor: by, peer, ext }).durable
    return this.explanationFor(peer)
  }

  async unvouch({ who, by, reason }: Said): Promise<StandingExplanation> {
    const { evidence, clock, append } = this.#c
    const peer = this.#find(who)
    const today = dayOf(clock.now())
    const vouch = evidence.vouchesFor(peer).findLast(({ source }) => source === SOURCE)
    if (vouch === undefined || (vouch.until ?? today + 1) <= today) {
      const message = `not_found: Nobody vouches for ${who} by a command now. A standing that is configured or was given with \`hansa peer add\` is changed there.`
      throw new CallError({ code: 'not_found' }, message)
    }
    const ext = { source: SOURCE, ...(reason === undefined ? {} : { reason }) }
    await append({ type: 'standing.unvouched', actor: by, peer, ext }).durable
    return this.explanationFor(peer)
  }

  async endorse({ who, by, reason }: Said): Promise<StandingInfo> {
    const { endorsing } = this.#c
    const peer = this.#find(who)
    if (!endorsing.has(peer)) await endorsing.begin(peer, { actor: by, ...reasonExt(reason) })
    return this.#info(peer, this.#aliasOf(peer))
  }

  async unendorse({ who, by, reason }: Said): Promise<StandingInfo> {
    const { endorsing } = this.#c
    const peer = this.#find(who)
    if (!endorsing.has(peer)) {
      const message = `not_found: ${who} is not endorsed. See who is with: hansa trust list`
      throw new CallError({ code: 'not_found' }, message)
    }
    await endorsing.end(peer, { actor: by, ...reasonExt(reason) })
    return this.#info(peer, this.#aliasOf(peer))
  }

  #aliasOf(peer: Did): string | undefined {
    return this.#c.known().find(({ did }) => did === peer)?.alias
  }

  #info(did: Did, alias: string | undefined): StandingInfo {
    const { standing, evidence, clock } = this.#c
    const { vouched, held } = scoreOf(evidence.basis(did, dayOf(clock.now())))
    const { score, tier } = standing.of(did)
    return {
      did,
      ...(alias === undefined ? {} : { alias }),
      score,
      tier,
      ...(vouched === undefined ? {} : { vouched }),
      held,
      ...(this.#c.endorsing.has(did) ? { endorsing: true as const } : {}),
    }
  }

  #find(who: string): Did {
    const { known, self } = this.#c
    const found = known().find(({ did, alias, imports = [] }) => did === who || alias === who || imports.includes(who))
    if (found === undefined && !isDid(who)) {
      const message = `not_found: No kernel is known as ${who}. See whom there is with: hansa trust list`
      throw new CallError({ code: 'not_found' }, message)
    }
    const did = found?.did ?? (who as Did)
    if (did === self) throw refused('a kernel has no standing with itself')
    return did
  }
}

const SOURCE = 'operator'

function reasonExt(reason: string | undefined): { ext?: { reason: string } } {
  return reason === undefined ? {} : { ext: { reason } }
}

function refused(message: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${message}.`)
}
