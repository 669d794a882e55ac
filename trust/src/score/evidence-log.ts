/**
 * What the log of one kernel says about others, as far as a score needs it. A projection: the same entries give the same
 * scores, in the kernel that wrote them and for whoever recomputes them from a copy.
 *
 * Of each kernel it holds a few numbers for each day, and where the first entries behind each number are.
 */
import { createHash } from 'node:crypto'
import { callsOf, type Did, type Entry, isDid } from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { dayOf } from './day.ts'
import { type EvidenceEntry, evidenceIn } from './evidence-rules.ts'
import { organisationOf } from './organisation.ts'
import { endEndorsement, type RecordedEndorsement, recordEndorsement } from './recorded-endorsements.ts'
import type { Endorsement } from './score-evidence.ts'
import {
  EVIDENCE_DAYS,
  type EvidenceKind,
  EXCUSED_ACKS,
  evidenceKinds,
  NAMED_STANDING,
  type Tier,
  tiers,
} from './score-table.ts'
import { type DayTally, isGrave, noCounts, type ScoreBasis } from './score-tally.ts'

/** Where evidence is: the entry, and its hash as a leaf of the log. */
export type EvidenceReference = { log: string; entry: number; hash: string }

/** Who vouches: the operator in the configuration, by adding the kernel or by a command; or an agreement, by its id. */
export type VouchSource = 'configuration' | 'peer' | 'operator' | `agreement:${string}`

export type RecordedVouch = EvidenceReference & {
  source: string
  standing: number
  /** Days since 1970, UTC; `until` is the first day on which it no longer counts, absent for one without an end. */
  from: number
  until?: number
  by?: string
  reason?: string
  /** It has ended by something high or critical, and not by whoever gave it. */
  grave?: true
}

type KindRecord = { count: number; first: EvidenceReference[] }
type DayRecord = { [Kind in EvidenceKind]?: KindRecord }

/** A proof that holds the score at 0, under the hashes by which a case may name it, and the case that does. */
type OpenProof = { day: number; hashes: string[]; case?: string }

type Account = {
  days: Map<number, DayRecord>
  vouches: RecordedVouch[]
  endorsements: RecordedEndorsement[]
  imports: string[]
  /** Proofs whose case is open, or was never opened. */
  open: OpenProof[]
  /** Calls of that kernel that went well and are not acknowledged, the oldest first. */
  waiting: Set<string>
  /** Unix milliseconds until which good calls count for nothing: its identity is contested. */
  contestedMs?: number
  /** The tier that the last `standing.changed` names. */
  tier?: Tier
}

/** Entries that are named for one kind and day. */
const NAMED = 5
/** States of a case that nothing follows. */
const CLOSED: ReadonlySet<string | undefined> = new Set(['final', 'overturned'])
/** Calls that wait for their acknowledgement; of the oldest beyond these it no longer counts. */
const MAX_WAITING = 1_024
/** Vouches that are remembered, those in force and the last that ended. */
const MAX_VOUCHES = 32
/** Proofs that wait for their case; with more, one of those between the first and the last is forgotten. */
const MAX_OPEN = 64

type AccountState = Omit<Account, 'days' | 'waiting'> & { days: [number, DayRecord][]; waiting: string[] }
export type EvidenceLogState = [Did, AccountState][]

/** What an entry changed: nothing, something that counts when its day has ended, or something that counts at once. */
export type EvidenceTaken = { peer: Did; counts: 'tomorrow' | 'now' } | undefined

export class EvidenceLog {
  readonly #accounts = new Map<Did, Account>()

  /** Every kernel about which something is known. */
  peers(): Did[] {
    return [...this.#accounts.keys()].sort()
  }

  has(peer: Did): boolean {
    return this.#accounts.has(peer)
  }

  tierOf(peer: Did): Tier | undefined {
    return this.#accounts.get(peer)?.tier
  }

  /** The vouches for a kernel, those that have ended too. */
  vouchesFor(peer: Did): readonly RecordedVouch[] {
    return this.#accounts.get(peer)?.vouches ?? []
  }

  /** The vouch of one source that is in force, or was until something grave happened. */
  vouchOf(peer: Did, source: string): RecordedVouch | undefined {
    return this.vouchesFor(peer).findLast((vouch) => vouch.source === source && isGiven(vouch))
  }

  endorsementsOf(peer: Did): readonly RecordedEndorsement[] {
    return this.#accounts.get(peer)?.endorsements ?? []
  }

  /** Whom a kernel endorses, or did. */
  endorsedBy(endorser: Did): Did[] {
    const of = (account: Account) => account.endorsements.some((one) => one.endorser === endorser)
    return [...this.#accounts].filter(([, account]) => of(account)).map(([did]) => did)
  }

  /** Good calls of one day, whether they count by now or not. */
  goodOn(peer: Did, day: number): number {
    return this.#accounts.get(peer)?.days.get(day)?.good?.count ?? 0
  }

  referencesOf(peer: Did, day: number, kind: EvidenceKind): readonly EvidenceReference[] {
    return this.#accounts.get(peer)?.days.get(day)?.[kind]?.first ?? []
  }

  /** @param leafHash gives that of the entry, where there is a cheaper way to it; asked for few entries */
  take(entry: Entry): EvidenceTaken
  take(entry: EvidenceEntry, leafHash: () => string): EvidenceTaken
  take(entry: EvidenceEntry, leafHash: () => string = () => leafHashOf(entry as Entry)): EvidenceTaken {
    const { peer, type } = entry
    if (peer === undefined) return this.#takeCase(entry)
    const reference = () => ({ log: entry.origin, entry: entry.seq, hash: leafHash() })
    if (type === 'endorsement.received' || type === 'endorsement.ended')
      return this.#takeEndorsement(entry, peer, reference)
    return this.#takeVouch(entry, peer, reference) ?? this.#takeEvidence(entry, peer, reference)
  }

  /**
   * What the score of a day follows from. Good calls count when their day has ended, so that a score only falls during a
   * day; what is bad counts at once.
   * @param scoreOfEndorser what an endorser is worth here @default nothing
   */
  basis(peer: Did, day: number, scoreOfEndorser: (did: Did) => number = () => 0): ScoreBasis {
    const account = this.#accounts.get(peer) ?? emptyAccount()
    const days = new Map<number, DayTally>()
    for (const [at, record] of account.days) {
      const open = account.open.filter((proof) => proof.day === at).length
      if (at <= day && at > day - EVIDENCE_DAYS) days.set(at, tallyOf(record, at < day, open))
    }
    const vouches = account.vouches
      .filter(({ from }) => from <= day)
      .map(({ standing, from, until = Number.MAX_SAFE_INTEGER, hash }) => ({ standing, from, until, hash }))
    const endorsements = account.endorsements
      .filter(({ from, until }) => from <= day && day < until)
      .map(({ endorser, organisation, endorsed, hash }): Endorsement => {
        return { score: scoreOfEndorser(endorser), organisation, endorsed, hash }
      })
    const pinned = !peer.startsWith('did:key:') || isPinned(account, day)
    return { day, organisation: organisationOf(peer), pinned, days, graves: [], endorsements, vouches }
  }

  state(): EvidenceLogState {
    return [...this.#accounts].map(([did, account]) => [
      did,
      { ...account, days: [...account.days], waiting: [...account.waiting] },
    ])
  }

  /** Of one that has taken nothing. */
  restore(accounts: EvidenceLogState): void {
    for (const [did, account] of accounts) {
      this.#accounts.set(did, { ...account, days: new Map(account.days), waiting: new Set(account.waiting) })
    }
  }

  #takeVouch(entry: EvidenceEntry, peer: Did, reference: () => EvidenceReference): EvidenceTaken {
    const { type, ext, actor } = entry
    const day = dayOf(entry.t_ms)
    switch (type) {
      case 'standing.vouched':
      case 'peer.added': {
        const source = type === 'peer.added' ? 'peer' : (ext?.source ?? 'operator')
        this.#end(peer, source, day)
        const vouch: RecordedVouch = {
          ...reference(),
          source,
          standing: ext?.standing ?? NAMED_STANDING,
          from: day,
          ...(ext?.expires === undefined ? {} : { until: Math.ceil(ext.expires / 86_400) }),
          ...(actor === undefined ? {} : { by: actor }),
          ...(ext?.reason === undefined ? {} : { reason: ext.reason }),
        }
        const { vouches } = this.#account(peer)
        vouches.push(vouch)
        if (vouches.length > MAX_VOUCHES) vouches.splice(0, vouches.length - MAX_VOUCHES)
        return { peer, counts: 'now' }
      }
      case 'standing.unvouched':
        this.#end(peer, ext?.source ?? 'operator', day)
        return { peer, counts: 'now' }
      case 'peer.removed':
        this.#end(peer, 'peer', day)
        // An operator's act: what was held against it weighs on, and no longer keeps it at 0.
        this.#account(peer).open = []
        return { peer, counts: 'now' }
      case 'peer.imported': {
        const { imports } = this.#account(peer)
        if (ext?.alias !== undefined && !imports.includes(ext.alias)) imports.push(ext.alias)
        return { peer, counts: 'now' }
      }
      case 'peer.unimported': {
        const account = this.#account(peer)
        account.imports = account.imports.filter((alias) => alias !== ext?.alias)
        return { peer, counts: 'now' }
      }
      case 'peer.recovered':
        if (ext?.expires !== undefined) this.#account(peer).contestedMs = ext.expires * 1000
        return undefined
      case 'standing.changed': {
        const tier = tiers.find((one) => one === ext?.tier)
        if (tier !== undefined) this.#account(peer).tier = tier
        return undefined
      }
      default:
        return undefined
    }
  }

  /** What a proof has begun, the end of the case about it ends: it weighs on, and holds no longer. */
  #takeCase({ type, ext }: EvidenceEntry): EvidenceTaken {
    const { subject, case: id, hash, case_state: state } = ext ?? {}
    const account = isDid(subject ?? '') ? this.#accounts.get(subject as Did) : undefined
    if (account === undefined || id === undefined) return undefined
    if (type === 'case.opened') {
      for (const proof of account.open) if (hash !== undefined && proof.hashes.includes(hash)) proof.case = id
    }
    if (type !== 'case.changed' || !CLOSED.has(state)) return undefined
    const open = account.open.filter((proof) => proof.case !== id)
    if (open.length === account.open.length) return undefined
    account.open = open
    return { peer: subject as Did, counts: 'now' }
  }

  #takeEndorsement(entry: EvidenceEntry, endorser: Did, reference: () => EvidenceReference): EvidenceTaken {
    const subject = entry.ext?.subject
    if (subject === undefined || !isDid(subject)) return undefined
    const account = this.#account(subject)
    const { endorsements } = account
    account.endorsements =
      entry.type === 'endorsement.received'
        ? recordEndorsement(endorsements, entry, endorser, reference())
        : endEndorsement(endorsements, endorser, dayOf(entry.t_ms))
    return { peer: subject, counts: 'now' }
  }

  #takeEvidence(entry: EvidenceEntry, peer: Did, reference: () => EvidenceReference): EvidenceTaken {
    const evidence = evidenceIn(entry)
    if (evidence === undefined) return undefined
    const { kind } = evidence
    if (kind === 'unacknowledged') {
      for (const call of callsOf(entry)) wait(this.#account(peer).waiting, call)
      return undefined
    }
    if (kind === 'acknowledged') {
      const waiting = this.#accounts.get(peer)?.waiting
      const went = callsOf(entry).filter((call) => waiting?.delete(call) === true)
      return went.length === 0 ? undefined : this.#count(entry, peer, 'good', reference, went.length)
    }
    return this.#count(entry, peer, kind, reference, kind === 'missing_ack' ? missedIn(entry) : 1)
  }

  #count(
    entry: EvidenceEntry,
    peer: Did,
    kind: EvidenceKind,
    reference: () => EvidenceReference,
    times = 1,
  ): EvidenceTaken {
    const day = dayOf(entry.t_ms)
    const account = this.#account(peer)
    if (kind === 'good' && entry.t_ms < (account.contestedMs ?? 0)) return undefined
    const record = account.days.get(day) ?? {}
    account.days.set(day, record)
    const ofKind = record[kind] ?? { count: 0, first: [] }
    record[kind] = ofKind
    ofKind.count += times
    if (ofKind.first.length < NAMED) ofKind.first.push(reference())
    if (kind === 'critical') {
      const named = entry.ext?.hash === undefined ? [] : [entry.ext.hash]
      account.open.push({ day, hashes: [reference().hash, ...named] })
      if (account.open.length > MAX_OPEN) account.open.splice(1, 1)
    }
    if (isGrave({ kind })) for (const vouch of account.vouches) endGravely(vouch, day)
    return { peer, counts: kind === 'good' ? 'tomorrow' : 'now' }
  }

  /** What had an end of its own keeps the earlier one. */
  #end(peer: Did, source: string, day: number): void {
    for (const vouch of this.#accounts.get(peer)?.vouches ?? []) {
      if (vouch.source !== source) continue
      vouch.until = Math.min(vouch.until ?? day, day)
      delete vouch.grave
    }
  }

  #account(peer: Did): Account {
    const account = this.#accounts.get(peer) ?? emptyAccount()
    this.#accounts.set(peer, account)
    return account
  }
}

/** SHA-256 of everything that a score follows from, so that two who differ know whether they looked at the same. */
export function inputsHash(peer: Did, basis: ScoreBasis): string {
  const days = [...basis.days]
    .sort(([a], [b]) => a - b)
    .map(([day, { counts, open }]) => [day, ...evidenceKinds.map((kind) => counts[kind]), open])
  const vouches = basis.vouches.map(({ standing, from, until, hash }) => ({ standing, from, until, hash }))
  const endorsements = basis.endorsements
    .map(({ hash, score, endorsed, organisation }) => ({ hash, score, endorsed, organisation }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
  const { day, pinned } = basis
  return taggedHash('standing', canonicalJson({ did: peer, day, pinned, days, vouches, endorsements }))
}

/** An operator has named it, imported it or vouches for it now: its key was not only shown by whoever holds it. */
function isPinned({ imports, vouches }: Account, day: number): boolean {
  if (imports.length > 0) return true
  return vouches.some((vouch) => {
    // Who is named stays pinned when its floor is gone.
    const named = vouch.source === 'configuration' || vouch.source === 'peer'
    return vouch.from <= day && (named ? isGiven(vouch) : day < (vouch.until ?? Number.POSITIVE_INFINITY))
  })
}

/** Whether nobody has taken it back. */
function isGiven({ until, grave }: RecordedVouch): boolean {
  return until === undefined || grave === true
}

/**
 * One entry can be about many calls that went unacknowledged at the same moment. They count as one incident that matters:
 * a kernel that crashes under load has done no more than that, and one that withholds goes on.
 */
function missedIn({ ext }: EvidenceEntry): number {
  return Math.min(ext?.count ?? 1, EXCUSED_ACKS + 1)
}

function endGravely(vouch: RecordedVouch, day: number): void {
  if (vouch.until !== undefined && vouch.until <= day) return
  vouch.until = day
  vouch.grave = true
}

function tallyOf(record: DayRecord, ended: boolean, open: number): DayTally {
  const counts = noCounts()
  for (const kind of evidenceKinds) if (kind !== 'good' || ended) counts[kind] = record[kind]?.count ?? 0
  return { counts, good: new Map(counts.good === 0 ? [] : [['self', counts.good]]), open }
}

function wait(waiting: Set<string>, callId: string): void {
  waiting.add(callId)
  if (waiting.size <= MAX_WAITING) return
  for (const oldest of waiting) {
    waiting.delete(oldest)
    return
  }
}

function emptyAccount(): Account {
  return { days: new Map(), vouches: [], endorsements: [], imports: [], open: [], waiting: new Set() }
}

/** RFC 6962, of the one spelling that an entry has. */
function leafHashOf(entry: Entry): string {
  return createHash('sha256').update(Buffer.of(0)).update(canonicalJson(entry)).digest('base64url')
}
