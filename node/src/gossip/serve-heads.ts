/**
 * `POST /hansa/v1/heads`: the newest checkpoint of the own log for every kernel that asks under its signature, with the
 * proof that it extends what the asker has seen; those of other logs for kernels that this one knows.
 */
import type { PeerMemory } from '@hansa/mesh'
import {
  type Clock,
  type Did,
  HEADS_REQUEST_TYP,
  HEADS_TYP,
  type Heads,
  type HeadsRequest,
  headsRequestSchema,
  type InboundReply,
  type InboundRequest,
  MAX_HEADS_LIFE_SECONDS,
  MAX_HEADS_REQUEST_BYTES,
} from '@hansa/protocols'
import { type KeyResolver, RateWindow, type Signer, signJws, taggedHash, verifyJws } from '@hansa/trust'
import { type Ledger, verifyCheckpoint } from '@hansa/trust/ledger'
import { claimedIssuer, limitAtSource } from '../exchange/claimed-issuer.ts'
import { refusalReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'

/** Questions per minute: of one address and of all before a signature is checked, and of one kernel after. */
const PER_SOURCE = 120
const PER_MINUTE = 3_000
const PER_KERNEL = 60
const WINDOW_SECONDS = 60
/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

export type ServeHeadsComponents = {
  signer: Signer
  resolver: KeyResolver
  clock: Clock
  ledger: Pick<Ledger, 'origin' | 'vkey' | 'head' | 'checkpointNote' | 'consistency' | 'rootAt' | 'cosigned'>
  memory: Pick<PeerMemory, 'head'>
  refusals: RefusalCounter
  isKnown(peer: Did): boolean
  /** Whose log it is, as far as it is pinned. */
  ownerOf(origin: string): Did | undefined
}

type Serve = (request: InboundRequest) => Promise<InboundReply>

export function serveHeads(components: ServeHeadsComponents): Serve {
  const { signer, clock, refusals, isKnown } = components
  const window = new RateWindow({ maxKeys: 10_000 })
  const limits = { ofSource: PER_SOURCE, ofKernel: PER_KERNEL, perSeconds: WINDOW_SECONDS }
  return async ({ body, source }) => {
    const asked = Buffer.from(body).toString('latin1')
    const claimed = claimedIssuer(asked, MAX_HEADS_REQUEST_BYTES)
    const known = claimed !== undefined && isKnown(claimed) ? claimed : undefined
    const unverified = [
      limitAtSource(source, known, limits),
      { key: '*', calls: PER_MINUTE, perSeconds: WINDOW_SECONDS },
    ]
    if (!window.admitAll(unverified, clock.now()).ok)
      return refusalReply(refusals, source, 'rate_limited', 'too many questions about logs')
    const read = await readRequest(asked, components)
    if (typeof read === 'string')
      return refusalReply(refusals, source, 'invalid_request', `a question about logs: ${read}`)
    if (!window.admit(`kernel ${read.request.iss}`, PER_KERNEL, WINDOW_SECONDS, clock.now()))
      return refusalReply(refusals, read.request.iss, 'rate_limited', 'too many questions about logs')
    // An answer that proves nothing is evidence: it is not given before there is anything to prove.
    if (!isOwn(read.request.prove, components.ledger))
      return refusalReply(
        refusals,
        read.request.iss,
        'invalid_request',
        'a question about what this log has not signed',
      )
    const { jws } = signJws(signer, HEADS_TYP, await answerTo(read.request, read.hash, components))
    return { status: 200, contentType: 'application/jose', body: Buffer.from(jws, 'latin1') }
  }
}

async function readRequest(
  jws: string,
  { signer, resolver, clock }: ServeHeadsComponents,
): Promise<{ request: HeadsRequest; hash: string } | string> {
  const verdict = await verifyJws(jws, {
    typ: HEADS_REQUEST_TYP,
    resolver,
    maxBytes: MAX_HEADS_REQUEST_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict.reason
  const request = headsRequestSchema.safeParse(verdict.payload)
  if (!request.success) return 'malformed'
  const { aud, iat, exp } = request.data
  const now = Math.floor(clock.now() / 1000)
  if (aud !== signer.did) return 'for another kernel'
  if (exp <= iat || exp - iat > MAX_HEADS_LIFE_SECONDS) return 'lives longer than it may'
  if (iat > now + SKEW_SECONDS || now >= exp + SKEW_SECONDS) return 'not of this time'
  return { request: request.data, hash: taggedHash('heads-request', verdict.payloadBytes) }
}

async function answerTo(request: HeadsRequest, hash: string, components: ServeHeadsComponents): Promise<Heads> {
  const { signer, clock, ledger } = components
  const found = await Promise.all(request.logs.map((log) => headOf(log, request.iss, components)))
  const prove = request.prove && (await proofOf(request.prove, ledger))
  return {
    v: 1,
    iss: signer.did,
    aud: request.iss,
    iat: Math.floor(clock.now() / 1000),
    request: hash,
    log: ledger.origin,
    heads: found.filter((head) => head !== undefined),
    ...(prove === undefined ? {} : { prove }),
  }
}

async function headOf(
  { origin, size = 0 }: HeadsRequest['logs'][number],
  asker: Did,
  { ledger, memory, isKnown, ownerOf }: ServeHeadsComponents,
): Promise<Heads['heads'][number] | undefined> {
  if (origin === ledger.origin) return ownHead(size, ledger)
  // Which kernels this one trades with is not for strangers.
  const owner = isKnown(asker) ? ownerOf(origin) : undefined
  const head = owner === undefined ? undefined : await memory.head(owner)
  return head?.checkpoint.origin === origin ? { origin, note: head.note } : undefined
}

async function ownHead(
  seen: number,
  ledger: ServeHeadsComponents['ledger'],
): Promise<Heads['heads'][number] | undefined> {
  const { origin, size } = ledger.head()
  const { last } = ledger.cosigned
  // With what the witnesses said of it, where they have said it of the newest one.
  const note = last?.head.size === size ? last.note : ledger.checkpointNote()
  if (size === 0) return undefined
  return seen > 0 && seen <= size
    ? { origin, note, consistency: await ledger.consistency(seen, size) }
    : { origin, note }
}

/** Whether a proof is asked for between sizes of which this log has signed the larger one. */
function isOwn(prove: HeadsRequest['prove'], { vkey }: ServeHeadsComponents['ledger']): boolean {
  if (prove === undefined) return true
  const verdict = verifyCheckpoint(prove.note, vkey)
  return verdict.ok && verdict.checkpoint.size === prove.to && prove.from <= prove.to
}

async function proofOf(
  { from, to }: NonNullable<HeadsRequest['prove']>,
  ledger: ServeHeadsComponents['ledger'],
): Promise<Heads['prove']> {
  if (to > ledger.head().size) return undefined
  return { from_root: await ledger.rootAt(from), path: await ledger.consistency(from, to) }
}
