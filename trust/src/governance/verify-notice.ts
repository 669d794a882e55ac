/**
 * Verifies a notice of a sanction, and each proof in it again. What counts is what is proven: a notice whose proof does
 * not hold is what its issuer says, and no more. Pure; keys and the time come in.
 */
import {
  type Did,
  MAX_NOTICE_BYTES,
  type NoticeEvidence,
  SANCTION_NOTICE_TYP,
  type SanctionNotice,
  sanctionNoticeSchema,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import type { Signer } from '../keys/signer.ts'
import { verifyForkProof } from '../ledger/fork-proof.ts'
import { type SignedJws, signJws, verifyJws } from '../signed/jws.ts'
import { readManifest, verifyEquivocation } from './equivocation-proof.ts'

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

export type ProofOf = {
  kind: 'fork' | 'equivocation'
  /** The same for the same contradiction, whoever found it. */
  hash: string
  /** One sentence. */
  reason: string
  evidence: NoticeEvidence
}

export type NoticeVerdict =
  | { ok: true; notice: SanctionNotice; hash: string; proofs: ProofOf[] }
  | { ok: false; reason: string }

export type VerifyNoticeInit = {
  resolver: KeyResolver
  /** Unix seconds. */
  now: number
  /** Pinned keys of the logs of a kernel; they win over those of its manifest. @default none */
  logKeys?(subject: Did): readonly { origin: string; vkey: string }[]
}

export function signNotice(signer: Signer, notice: SanctionNotice): SignedJws {
  return signJws(signer, SANCTION_NOTICE_TYP, sanctionNoticeSchema.parse(notice))
}

/** Never throws for anything in `jws`. */
export async function verifyNotice(jws: string, init: VerifyNoticeInit): Promise<NoticeVerdict> {
  const { resolver, now } = init
  const verdict = await verifyJws(jws, {
    typ: SANCTION_NOTICE_TYP,
    resolver,
    maxBytes: MAX_NOTICE_BYTES,
    issuedAt: ({ iat }) => iat,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = sanctionNoticeSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'notice_malformed' }
  const { iss, subject, iat, until, evidence } = parsed.data
  if (iss === subject) return { ok: false, reason: 'notice_about_its_issuer' }
  if (iat > now + SKEW_SECONDS) return { ok: false, reason: 'notice_from_the_future' }
  if (until !== null && now >= until + SKEW_SECONDS) return { ok: false, reason: 'notice_expired' }
  const proofs: ProofOf[] = []
  for (const one of evidence) {
    const proof = await proofIn(one, subject, init)
    if (proof !== undefined) proofs.push(proof)
  }
  return { ok: true, notice: parsed.data, hash: taggedHash('sanction', verdict.payloadBytes), proofs }
}

/** What one piece of evidence proves against a kernel by itself; undefined for anything that proves nothing. */
export function proofIn(
  evidence: NoticeEvidence,
  subject: Did,
  init: Omit<VerifyNoticeInit, 'now'>,
): Promise<ProofOf | undefined> {
  if (evidence.kind === 'fork') return forkIn(evidence, subject, init)
  return evidence.kind === 'equivocation' ? equivocationIn(evidence, subject, init) : Promise.resolve(undefined)
}

async function forkIn(
  evidence: Extract<NoticeEvidence, { kind: 'fork' }>,
  subject: Did,
  init: Omit<VerifyNoticeInit, 'now'>,
): Promise<ProofOf | undefined> {
  const { proof, manifest } = evidence
  const { origin } = proof.log
  const pinned = init.logKeys?.(subject).find((log) => log.origin === origin)
  const read = pinned === undefined && manifest !== undefined ? await readManifest(manifest, init.resolver) : undefined
  const said = typeof read === 'object' ? read : undefined
  // A key that only the proof itself names could be anybody's.
  const own = said?.kernel_id === subject ? said.logs.find((log) => log.origin === origin) : undefined
  const vkey = (pinned ?? own)?.vkey
  if (vkey === undefined) return undefined
  const report = await verifyForkProof(proof, { vkey, resolver: init.resolver })
  if (report.verdict !== 'fork') return undefined
  const heads = report.heads.map(({ size, root }) => [size, root])
  const hash = taggedHash('fork-proof', canonicalJson([origin, heads]))
  return { kind: 'fork', hash, reason: `its log has two histories: ${report.text}`.slice(0, 500), evidence }
}

async function equivocationIn(
  evidence: Extract<NoticeEvidence, { kind: 'equivocation' }>,
  subject: Did,
  { resolver }: Pick<VerifyNoticeInit, 'resolver'>,
): Promise<ProofOf | undefined> {
  const { verdict, hashes, seq } = await verifyEquivocation({ subject, manifests: evidence.manifests }, resolver)
  if (verdict !== 'equivocation') return undefined
  const hash = taggedHash('equivocation', canonicalJson(hashes))
  return { kind: 'equivocation', hash, reason: `it has signed two manifests with number ${seq}`, evidence }
}
