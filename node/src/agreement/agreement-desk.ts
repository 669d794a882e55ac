/**
 * Agreements with other kernels: what operators do about them, and what the other kernel, revocations and time do to them.
 * The rules are in `@hansa/trust/agreement`; each change is kept in one transaction with its entries of the log.
 */
import { inTurn } from '@hansa/mesh'
import {
  type AcceptAgreement,
  type AgreedLimits,
  type AgreementInfo,
  type AgreementRecord,
  type Agreements,
  agreementRecordSchema,
  CallError,
  type Code,
  type Did,
  type EndAgreement,
  isDid,
  MAX_AGREED_STANDING,
  type ProposeAgreement,
  type Store,
  type UnixSeconds,
} from '@hansa/protocols'
import { parsedJson, RateWindow, type Signer } from '@hansa/trust'
import {
  type AgreementEvent,
  type AgreementTerms,
  keptAgreement,
  type ReadAcceptance,
  type ReadAgreement,
  signAcceptance,
  signProposal,
  stepAgreement,
} from '@hansa/trust/agreement'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import type { HeldAgreement } from './agreement-book.ts'
import { AgreementCourier, type AgreementCourierComponents } from './agreement-courier.ts'
import { agreementEntries } from './agreement-entries.ts'
import { agreementInfo, inOrder } from './agreement-info.ts'

const NAMESPACE = 'agreements'
/** Agreements that are held, those that are over too: the oldest of these make room. */
const MAX_HELD = 1_000
/** Proposals that wait, of one other kernel and of all. */
const MAX_WAITING_OF_PEER = 8
const MAX_WAITING = 200
/** Seconds that a proposal waits when nobody says how long. */
const WAITS_SECONDS = 14 * 86_400
/** Proposals of one kernel that are new, in a day. */
const NEW_PER_DAY = 50
/** How long an operator who looks waits for an answer of the other kernel, milliseconds. */
const LOOKING_MS = 3_000

export type TakeVerdict = { ok: true } | { ok: false; reason: string; code?: Code }

export type AgreementDeskComponents = AgreementCourierComponents & {
  self: Did
  signer: Signer
  store: Store
  events: Pick<Events, 'row' | 'drain'>
  revocations: Pick<KernelRevocations, 'make'>
  /** A kernel by its alias or DID. */
  peerNamed(who: string): { did: Did; alias?: string | undefined } | undefined
  isKnown(peer: Did): boolean
  /** Hash of the policy in force. */
  policyHash(): string
}

export class AgreementDesk implements Agreements {
  readonly #c: AgreementDeskComponents
  readonly #courier: AgreementCourier
  readonly #new = new RateWindow({ maxKeys: 10_000 })
  readonly #inTurn = inTurn()

  /** @throws Error for a record that cannot be read: an agreement that is over must not look like none */
  static async open(components: AgreementDeskComponents): Promise<AgreementDesk> {
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = agreementRecordSchema.safeParse(parsedJson(value))
      const read = record.success ? keptAgreement(record.data.proposal) : undefined
      if (!record.success || read?.hash !== key)
        throw new Error(`the agreement ${key} that is stored cannot be read; restore the store`)
      components.book.hold(read, record.data)
    }
    return new AgreementDesk(components)
  }

  private constructor(components: AgreementDeskComponents) {
    this.#c = components
    this.#courier = new AgreementCourier(components, (hash, event) => this.#take(hash, event))
  }

  find(hash: string): HeldAgreement | undefined {
    return this.#c.book.get(hash)
  }

  async list(): Promise<AgreementInfo[]> {
    return inOrder(this.#c.book.all().map((held) => this.#info(held)))
  }

  /** Asks the other kernel first, where it is that one's turn. */
  async show(id: string): Promise<AgreementInfo> {
    const held = this.#named(id)
    if (held.record.own && held.record.state === 'proposed') await this.#within(LOOKING_MS, this.#courier.send(held))
    return this.#info(held)
  }

  async propose(init: ProposeAgreement): Promise<AgreementInfo> {
    const { signer, policyHash } = this.#c
    const peer = this.#peer(init.with)
    const held = await this.#inTurn(async () => {
      const now = this.#now
      const signing = signProposal(signer, { ...termsOf(init, peer, now), policy: policyHash() }, now)
      if (!signing.ok) throw invalid(sentences[signing.reason] ?? signing.reason)
      const { read } = signing
      const record: AgreementRecord = {
        ...{ v: 1, state: 'proposed', own: true, proposal: read.jws, proposed: now, handed: false, since: now },
      }
      await this.#makeRoom()
      return this.#put(read, undefined, record, init.by)
    })
    await this.#courier.send(held)
    return this.#info(held)
  }

  async accept({ id, by }: AcceptAgreement): Promise<AgreementInfo> {
    const held = await this.#inTurn(async () => {
      const found = this.#named(id)
      const before = await this.#settled(found)
      const turn = stepAgreement(before.record, { type: 'accept', acceptance: '' }, before.agreement, this.#now)
      if (!turn.ok) throw invalid(turn.reason)
      const signing = signAcceptance(this.#c.signer, before, this.#now)
      if (!signing.ok) throw invalid(sentences[signing.reason] ?? signing.reason)
      return this.#step(before, { type: 'accept', acceptance: signing.read.jws }, by)
    })
    await this.#courier.send(held)
    return this.#info(this.#named(held.hash))
  }

  async reject(init: EndAgreement): Promise<AgreementInfo> {
    const { record } = this.#named(init.id)
    if (record.own) throw invalid('this kernel has proposed it; take it back with: hansa agreement end')
    if (record.state !== 'proposed') throw invalid(`it is ${record.state.replace('_', ' ')}, and no proposal any more`)
    return this.#revoke(init)
  }

  async end(init: EndAgreement): Promise<AgreementInfo> {
    const { record } = this.#named(init.id)
    if (!record.own && record.state === 'proposed')
      throw invalid('nothing is agreed yet; say no to it with: hansa agreement reject')
    return this.#revoke(init)
  }

  /** An operator has removed the other kernel: nothing is agreed with it any more, and its proposals are refused. */
  async endWith(peer: Did, by: string | undefined): Promise<void> {
    if (by === undefined) return
    for (const { hash, record } of this.#c.book.with(peer)) {
      if (record.state === 'ended') continue
      await this.#revoke({ id: hash, by, reason: 'the kernel was removed' })
    }
  }

  /** A proposal of another kernel, whose signature was verified. */
  takeProposal(read: ReadAgreement): Promise<TakeVerdict> {
    return this.#inTurn(async () => {
      const { book } = this.#c
      const known = book.get(read.hash)
      if (known?.record.state === 'ended') return { ok: false, reason: 'it is over' }
      if (known !== undefined) return { ok: true }
      const now = this.#now
      const record: AgreementRecord = {
        ...{ v: 1, state: 'proposed', own: false, proposal: read.jws, proposed: now, handed: true, since: now },
      }
      const held = {
        ...read,
        record,
        peer: read.agreement.iss,
        signatures: [{ by: read.agreement.iss, kid: read.kid, at: now }],
      }
      if (book.revocationOf(held) !== undefined) return { ok: false, reason: 'it was ended before' }
      const waiting = book.all().filter((one) => !one.record.own && one.record.state === 'proposed')
      const ofPeer = waiting.filter(({ peer }) => peer === held.peer)
      const many = !this.#new.admit(held.peer, NEW_PER_DAY, 86_400, this.#c.clock.now())
      if (many || ofPeer.length >= MAX_WAITING_OF_PEER || waiting.length >= MAX_WAITING)
        return { ok: false, code: 'busy', reason: 'too many proposals wait for a person' }
      await this.#makeRoom()
      await this.#put(read, undefined, record)
      return { ok: true }
    })
  }

  /** The other kernel's acceptance of a proposal of this one, whose signature and party were verified. */
  takeAcceptance(hash: string, { jws }: ReadAcceptance): Promise<TakeVerdict> {
    return this.#take(hash, { type: 'accepted', acceptance: jws })
  }

  /** The other kernel has the acceptance of this one, which it hands back. */
  takeEcho(hash: string): Promise<TakeVerdict> {
    return this.#take(hash, { type: 'handed' })
  }

  #take(hash: string, event: AgreementEvent): Promise<TakeVerdict> {
    return this.#inTurn(async () => {
      const found = this.#c.book.get(hash)
      if (found === undefined) return { ok: false, reason: 'nothing of that hash is held' }
      const held = await this.#settled(found)
      const step = stepAgreement(held.record, event, held.agreement, this.#now)
      if (step.ok) await this.#put(held, held.record, step.record)
      return step
    })
  }

  /** A revocation has come into force: what it names may be over. */
  revoked(): void {
    this.#settleAll().catch((error: unknown) => this.#c.logger.error('agreement.not_recorded', faultFields(error)))
  }

  /** Lets time pass, and hands over what waits; a periodic job. What is handed over is not waited for. */
  async tick(): Promise<void> {
    await this.#settleAll()
    this.#courier.tick()
  }

  async #settleAll(): Promise<void> {
    for (const { hash, record } of this.#c.book.all()) {
      if (record.state === 'ended') continue
      await this.#inTurn(async () => {
        const held = this.#c.book.get(hash)
        if (held !== undefined) await this.#settled(held)
      })
    }
  }

  /** What revocations and time have made of it. */
  async #settled(held: HeldAgreement, actor?: string): Promise<HeldAgreement> {
    if (held.record.state === 'ended') return held
    const settled = await this.#step(held, this.#happened(held, actor), actor)
    const { end, own, acceptance } = settled.record
    // It may have reached the other side, whose answer did not come: that one has to know, too.
    if (end?.why === 'lapsed' && !own && acceptance !== undefined) await this.#makeRevocation(settled, 'not in time')
    return settled
  }

  #happened(held: HeldAgreement, actor: string | undefined): AgreementEvent {
    const { book, self } = this.#c
    const revocation = book.revocationOf(held)
    if (revocation !== undefined) {
      const { iss, reason } = revocation
      return { type: 'revoked', by: iss === self ? ((actor ?? self) as Did) : iss, own: iss === self, reason }
    }
    const lost = book.lostKeyOf(held)
    return lost === undefined ? { type: 'time' } : { type: 'key_revoked', by: lost.by }
  }

  #revoke({ id, by, reason = '' }: EndAgreement): Promise<AgreementInfo> {
    return this.#inTurn(async () => {
      const held = await this.#settled(this.#named(id))
      if (held.record.state === 'ended') throw invalid('it is over already')
      await this.#makeRevocation(held, reason, by)
      return this.#info(await this.#settled(held, by))
    })
  }

  async #makeRevocation({ hash, agreement }: HeldAgreement, reason: string, by?: string): Promise<void> {
    const exp = Math.max(agreement.until, agreement.accept_by)
    const what = { kind: 'agreement', what: hash, reason, exp } as const
    await this.#c.revocations.make({ ...what, ...(by === undefined ? {} : { by }) })
  }

  async #step(held: HeldAgreement, event: AgreementEvent, actor?: string): Promise<HeldAgreement> {
    const step = stepAgreement(held.record, event, held.agreement, this.#now)
    if (!step.ok) throw invalid(step.reason)
    return step.record === held.record ? held : this.#put(held, held.record, step.record, actor)
  }

  async #put(
    read: ReadAgreement,
    before: AgreementRecord | undefined,
    record: AgreementRecord,
    actor?: string,
  ): Promise<HeldAgreement> {
    const { book, store, events, logger, self } = this.#c
    const { iss, aud } = read.agreement
    const peer = iss === self ? aud : iss
    const drafts = agreementEntries({ ...read, peer }, before, record, actor)
    // Ended in memory first: a disk that fails must not prolong it.
    if (record.state === 'ended') book.hold(read, record)
    const change = { namespace: NAMESPACE, key: read.hash, value: JSON.stringify(record) }
    await store.apply([change, ...drafts.map((draft) => events.row(draft))])
    const held = book.hold(read, record)
    await events.drain()
    if (record.state !== before?.state)
      logger.info('agreement.changed', { agreement: read.hash, peer, state: record.end?.why ?? record.state })
    return held
  }

  #within(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#c.clock.after(ms, resolve)
      void work.finally(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Forgets what is over for longest and can come back under no signature. @throws CallError `busy` */
  async #makeRoom(): Promise<void> {
    const { book, store } = this.#c
    if (book.size < MAX_HELD) return
    const over = book
      .all()
      .filter(({ record, agreement }) => record.state === 'ended' && this.#now >= agreement.accept_by)
    const [oldest] = over.sort((a, b) => a.record.since - b.record.since)
    if (oldest === undefined)
      throw new CallError({ code: 'busy' }, `busy: ${MAX_HELD} agreements are held; end some first.`)
    await store.delete(NAMESPACE, oldest.hash)
    book.forget(oldest)
  }

  #info(held: HeldAgreement): AgreementInfo {
    const current = this.#c.book.get(held.hash) ?? held
    const alias = this.#c.peerNamed(current.peer)?.alias
    return agreementInfo(current, { alias, undelivered: this.#courier.faultOf(current) })
  }

  #named(id: string): HeldAgreement {
    const found = this.#c.book.named(id)
    if (found !== undefined) return found
    throw new CallError({ code: 'not_found' }, `not_found: There is no agreement ${id}. See: hansa agreement list`)
  }

  #peer(who: string): Did {
    const { peerNamed, isKnown, self } = this.#c
    const did = peerNamed(who)?.did ?? (isDid(who) ? who : undefined)
    if (did === undefined || (did !== self && !isKnown(did)))
      throw new CallError(
        { code: 'not_found' },
        `not_found: No kernel is known as ${who}. Make it known first: hansa peer add URL`,
      )
    if (did === self) throw invalid('a kernel agrees on nothing with itself')
    return did
  }

  get #now(): UnixSeconds {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

function termsOf(init: ProposeAgreement, aud: Did, now: UnixSeconds): AgreementTerms {
  const { purpose, permit = [], permitLabels = [], permitCallsPerDay, ask = [], askLabels = [], askCallsPerDay } = init
  const { permitLimits, askLimits } = init
  const { standing = MAX_AGREED_STANDING, from = now, until, acceptBy = Math.min(now + WAITS_SECONDS, until) } = init
  const calls = (capabilities: string[], labels: string[], perDay?: number, limits?: AgreedLimits) => ({
    ...{ capabilities: [...new Set(capabilities)].sort(), labels: [...new Set(labels)].sort() },
    ...(perDay === undefined ? {} : { calls_per_day: perDay }),
    ...(limits === undefined ? {} : { limits }),
  })
  return {
    ...{ aud, purpose, standing, from, until, accept_by: acceptBy },
    iss_permits: calls(permit, permitLabels, permitCallsPerDay, permitLimits),
    aud_permits: calls(ask, askLabels, askCallsPerDay, askLimits),
  }
}

/** What an operator reads in the place of a reason. */
const sentences: Readonly<Record<string, string>> = {
  begins_before_it_is_proposed: 'an agreement begins now or later; give a later --from',
  agreement_life: 'an agreement ends after it begins, and lasts three years at the most; give another --until',
  proposal_life: 'a proposal waits ninety days at the most, and not beyond the end; give another --accept-by',
  agreement_with_itself: 'a kernel agrees on nothing with itself',
  accepted_too_late: 'it had to be accepted sooner; ask for another proposal',
  too_large: 'the terms are too long',
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
