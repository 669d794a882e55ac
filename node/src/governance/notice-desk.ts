/**
 * Notices of sanctions, both ways (security.md B12). What another kernel says has one effect at the most: a proof that
 * convicts by itself, verified here again, opens a critical case; anything else opens a case that persons look at. No
 * number of notices changes a score or a sanction.
 */
import type { InboundSessions, PeerMemory } from '@hansa/mesh'
import {
  CallError,
  type CaseEvidence,
  type CaseId,
  type CaseProof,
  type Clock,
  type Did,
  exchangePaths,
  forkProofSchema,
  type InboundReply,
  type InboundRequest,
  isDid,
  MAX_NOTICE_BYTES,
  MAX_NOTICE_REQUEST_BYTES,
  type NoticeDelivery,
  type NoticeEvidence,
  type NotifyCase,
  noticeEvidenceSchema,
  noticeRequestSchema,
  type PeerTransport,
  type Principal,
  type Store,
} from '@hansa/protocols'
import { type KeyResolver, parsedJson, parseStrictJson, RateWindow, type Signer, taggedHash } from '@hansa/trust'
import { equivocationProofText, proofIn, signNotice, verifyNotice } from '@hansa/trust/governance'
import { forkProofText } from '@hansa/trust/ledger'
import { jsonReply, refusalReply } from '../exchange/inbound-reply.ts'
import type { PeerSessions } from '../exchange/peer-sessions.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { Events } from '../kernel/event-outbox.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { Brought, CaseDesk } from './case-desk.ts'
import { readProof } from './case-shelf.ts'
import type { Sanctions } from './sanctions.ts'

/** Notices of one kernel in a minute and in a day, and of all in a minute before a signature is checked. */
const PER_PEER = 6
const PER_PEER_AND_DAY = 200
const PER_MINUTE = 120
/** Milliseconds for one delivery. */
const LIMIT_MS = 10_000

export type NoticeDeskComponents = {
  /** Of this kernel. */
  identity: Signer
  store: Store
  clock: Clock
  resolver: KeyResolver
  transport: Pick<PeerTransport, 'send'>
  sessions: InboundSessions
  peerSessions: Pick<PeerSessions, 'get'>
  refusals: RefusalCounter
  imports: Pick<ImportDesk, 'aliasesOf' | 'endpoints' | 'logKeysOf'>
  events: Pick<Events, 'record'>
  /** Whether this kernel deals with another one. */
  isKnown(peer: Did): boolean
  /** Has the last manifest of a kernel, as it was signed. */
  memory: Pick<PeerMemory, 'manifestText'>
}

export class NoticeDesk {
  readonly #c: NoticeDeskComponents
  readonly #cases: CaseDesk
  readonly #sanctions: Sanctions
  readonly #window = new RateWindow({ maxKeys: 10_000 })

  constructor(components: NoticeDeskComponents, cases: CaseDesk, sanctions: Sanctions) {
    this.#c = components
    this.#cases = cases
    this.#sanctions = sanctions
  }

  /** `POST /hansa/v1/notices`: cheap checks first, the signature after the rate. */
  async serve({ body, source }: InboundRequest): Promise<InboundReply> {
    const { refusals, clock, resolver, imports, sessions } = this.#c
    const request = readRequest(body)
    const session = request === undefined ? undefined : sessions.get(request.sid)
    if (request === undefined || session === undefined)
      return refusalReply(refusals, source, 'handshake_failed', 'a notice without a session')
    const { peer } = session
    if (!this.#admits(peer)) return refusalReply(refusals, peer, 'rate_limited', 'too many notices of sanctions')
    const now = Math.floor(clock.now() / 1000)
    const logKeys = (subject: Did) => imports.logKeysOf(subject)
    const verdict = await verifyNotice(request.notice, { resolver, now, logKeys })
    if (!verdict.ok)
      return refusalReply(refusals, peer, 'invalid_request', `a notice does not verify: ${verdict.reason}`)
    if (verdict.notice.iss !== peer)
      return refusalReply(refusals, peer, 'invalid_request', 'the notice is not of the peer of the session')
    const sanction = this.#sanctions.on(peer)
    if (sanction !== undefined && sanction.kind !== 'warn')
      return refusalReply(refusals, peer, 'policy_denied', `its issuer is under a sanction itself: ${sanction.kind}`)
    await this.#take(verdict, request.notice)
    // What this kernel makes of it is not for its issuer.
    return jsonReply({ v: 1, taken: true })
  }

  /**
   * Tells other kernels of a sanction on a kernel that is in force.
   * @throws CallError `not_found`; `invalid_request` when there is nothing to tell
   */
  async notify({ id, to }: NotifyCase): Promise<NoticeDelivery[]> {
    const { identity, imports, clock, events } = this.#c
    const view = this.#cases.show(id)
    const { subject, inForce, reason } = view
    if (!isDid(subject)) throw invalid('a notice is about another kernel; what a principal of this one did is not told')
    if (inForce === null) throw invalid('no sanction of this case is in force')
    const ways = imports.endpoints().flatMap(({ did, endpoint }) => {
      const alias = imports.aliasesOf(did).find((one) => to === undefined || to.includes(one))
      return did === subject || alias === undefined ? [] : [{ did, endpoint, alias }]
    })
    const unknown = to?.find((alias) => !ways.some((way) => way.alias === alias))
    if (unknown !== undefined) throw invalid(`no other kernel is imported as ${unknown}`)
    const { jws, payloadBytes } = signNotice(identity, {
      ...{ v: 1, iss: identity.did, subject, case: id, kind: inForce.kind, until: inForce.until, reason },
      ...(inForce.scope === undefined ? {} : { scope: inForce.scope }),
      iat: Math.floor(clock.now() / 1000),
      evidence: await this.#evidenceOf(subject, view.evidence),
    })
    if (payloadBytes.length > (MAX_NOTICE_BYTES * 3) / 4 - 4_096) throw invalid('the proofs are too long for a notice')
    const deliveries = await Promise.all(ways.map((way) => this.#deliver(way, jws)))
    const delivered = deliveries.filter((one) => one.delivered).length
    await events.record(
      { type: 'notice.sent', ext: { case: id, subject, sanction: inForce.kind, count: delivered } },
      [],
    )
    return deliveries
  }

  /** What a case has that convicts by itself, as files. @throws CallError `not_found` */
  async proofs(id: CaseId): Promise<CaseProof[]> {
    const { subject, evidence } = this.#cases.show(id)
    const proofs: CaseProof[] = []
    for (const one of evidence) {
      if (one.kind !== 'fork' && one.kind !== 'equivocation') continue
      const kept = noticeEvidenceSchema.safeParse(parsedJson((await readProof(this.#c.store, one.hash)) ?? ''))
      const text = kept.success ? proofFile(subject, kept.data) : undefined
      if (text !== undefined) proofs.push({ kind: one.kind, hash: one.hash, text })
    }
    return proofs
  }

  async #take(verdict: Extract<Awaited<ReturnType<typeof verifyNotice>>, { ok: true }>, jws: string): Promise<void> {
    const { notice, hash, proofs } = verdict
    const { iss, subject, kind, reason } = notice
    // Nobody is let in here whom this kernel does not know, so there is nothing to take from a stranger.
    if (!this.#c.isKnown(subject) && this.#c.sessions.manifestOf(subject) === undefined) return
    const [proof] = proofs
    if (proof !== undefined) {
      const brought: Brought = {
        evidence: { kind: proof.kind, hash: proof.hash },
        text: JSON.stringify(proof.evidence),
      }
      await this.#cases.convict(subject, iss, brought, proof.reason)
      return
    }
    const evidence: CaseEvidence = { kind: 'notice', iss, hash }
    await this.#cases.suspect(subject, iss, { evidence, text: jws }, `${iss} says (${kind}): ${reason}`.slice(0, 500))
  }

  /** What this kernel itself has found: a proof that convicts at once, or what persons have to look at. */
  async found(peer: Did, given: NoticeEvidence): Promise<void> {
    const { identity, resolver, imports } = this.#c
    const manifest = given.kind === 'fork' ? this.#c.memory.manifestText(peer) : undefined
    const evidence = manifest === undefined || given.kind !== 'fork' ? given : { ...given, manifest }
    const text = JSON.stringify(evidence)
    const proof = await proofIn(evidence, peer, { resolver, logKeys: (subject) => imports.logKeysOf(subject) })
    if (proof !== undefined) {
      // A fork that this kernel has found is in its log by then, under the hash of the file for others.
      const logged = given.kind === 'fork' ? { logged: taggedHash('evidence', forkProofText(given.proof)) } : {}
      const brought: Brought = { evidence: { kind: proof.kind, hash: proof.hash }, text, ...logged }
      await this.#cases.convict(peer, identity.did, brought, proof.reason)
    } else if (evidence.kind === 'fork') {
      const brought: Brought = { evidence: { kind: 'fork', hash: taggedHash('suspicion', text) }, text }
      await this.#cases.suspect(peer, identity.did, brought, SUSPECTED)
    }
  }

  #admits(peer: Did): boolean {
    return this.#window.admitAll(
      [
        { key: `${peer} minute`, calls: PER_PEER, perSeconds: 60 },
        { key: `${peer} day`, calls: PER_PEER_AND_DAY, perSeconds: 86_400 },
        { key: '*', calls: PER_MINUTE, perSeconds: 60 },
      ],
      this.#c.clock.now(),
    ).ok
  }

  async #evidenceOf(subject: Did, evidence: readonly CaseEvidence[]): Promise<NoticeEvidence[]> {
    const all = await Promise.all(
      evidence.map(async (one): Promise<NoticeEvidence | undefined> => {
        if (one.kind === 'entry') return one
        if (one.kind === 'notice') return undefined
        const kept = parsedJson((await readProof(this.#c.store, one.hash)) ?? '') as NoticeEvidence | undefined
        if (kept?.kind !== 'fork') return kept
        const manifest = kept.manifest ?? this.#c.memory.manifestText(subject)
        return {
          kind: 'fork',
          proof: forkProofSchema.parse(kept.proof),
          ...(manifest === undefined ? {} : { manifest }),
        }
      }),
    )
    return all.filter((one) => one !== undefined)
  }

  async #deliver({ did, endpoint, alias }: Way, notice: string): Promise<NoticeDelivery> {
    const failed = (reason: string): NoticeDelivery => ({ peer: did, alias, delivered: false, reason })
    const session = await this.#c.peerSessions.get(did, endpoint)
    if (isRefusal(session)) return failed(session.reason)
    const controller = new AbortController()
    const cancel = this.#c.clock.after(LIMIT_MS, () => controller.abort())
    try {
      const reply = await this.#c.transport.send({
        endpoint,
        peer: did,
        path: exchangePaths.notices,
        method: 'POST',
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify({ v: 1, sid: session.sid, notice })),
        maxReplyBytes: 4_096,
        signal: controller.signal,
      })
      return reply.status === 200
        ? { peer: did, alias, delivered: true }
        : failed(`it answered with status ${reply.status}`)
    } catch (error) {
      return failed(error instanceof Error ? error.message.slice(0, 512) : 'it cannot be reached')
    } finally {
      cancel()
    }
  }
}

function proofFile(subject: Principal, evidence: NoticeEvidence): string | undefined {
  if (evidence.kind === 'fork') return forkProofText(evidence.proof)
  if (evidence.kind !== 'equivocation' || !isDid(subject)) return undefined
  return equivocationProofText({ kind: 'hansa-equivocation-proof', v: 1, subject, manifests: evidence.manifests })
}

const SUSPECTED = 'asked under its signature, it did not prove that its log only grew'

type Way = { did: Did; endpoint: string; alias: string }

function readRequest(body: Uint8Array) {
  const parsed = body.length <= MAX_NOTICE_REQUEST_BYTES ? parseStrictJson(body, 'object') : undefined
  const request = parsed?.ok === true ? noticeRequestSchema.safeParse(parsed.value) : undefined
  return request?.success === true ? request.data : undefined
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
