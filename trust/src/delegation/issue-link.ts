/** Making links: the first by whoever owns, and each further one by whoever was given the one before. */
import {
  DELEGATION_TYP,
  type DelegationLimits,
  type DelegationLink,
  type Did,
  delegationLinkSchema,
  type Predicate,
  type UnixSeconds,
} from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { randomId } from '../encoding/random.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws } from '../signed/jws.ts'
import { whyWider } from './narrowing.ts'

export type LinkGrant = {
  /** Who may act. */
  to: Did
  cmd: string
  /** @default none */
  pol?: readonly Predicate[]
  /** @default none */
  lim?: DelegationLimits
  /** @default now */
  nbf?: UnixSeconds
  exp: UnixSeconds
  /** How many more links may follow. @default 0 */
  dep?: number
  obo?: string
}

export type IssuedLink = { jws: string; hash: string; link: DelegationLink }
export type IssueVerdict = { ok: true; issued: IssuedLink } | { ok: false; reason: string }

/** @param now Unix seconds */
export function issueRoot(signer: Signer, grant: LinkGrant, now: UnixSeconds): IssueVerdict {
  const jti = randomId()
  return issue(signer, { ...common(signer, grant, now), jti, root: jti, sub: signer.did, prf: null })
}

/** @param parent a link that was verified, and whose audience is the signer */
export function issueNext(
  signer: Signer,
  parent: Pick<IssuedLink, 'hash' | 'link'>,
  grant: LinkGrant,
  now: UnixSeconds,
): IssueVerdict {
  const { root, sub } = parent.link
  const link = { ...common(signer, grant, now), jti: randomId(), root, sub, prf: parent.hash }
  const wider = whyWider(parent.link, link)
  return wider === undefined ? issue(signer, link) : { ok: false, reason: wider }
}

/** What a link is known by: in `prf` of the next one, in `prf` of an intent, in a revocation. */
export function linkHash(payloadBytes: Uint8Array): string {
  return taggedHash('delegation', payloadBytes)
}

function common({ did }: Signer, { to, cmd, pol = [], lim = {}, nbf, exp, dep = 0, obo }: LinkGrant, now: UnixSeconds) {
  const shape = { v: 1 as const, iss: did, aud: to, cmd, pol: [...pol], lim, nbf: nbf ?? now, iat: now, exp, dep }
  return obo === undefined ? shape : { ...shape, obo }
}

function issue(signer: Signer, link: DelegationLink): IssueVerdict {
  const parsed = delegationLinkSchema.safeParse(link)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ok: false, reason: `${issue?.path.join('.')}: ${issue?.message}` }
  }
  const { jws, payloadBytes } = signJws(signer, DELEGATION_TYP, parsed.data)
  return { ok: true, issued: { jws, hash: linkHash(payloadBytes), link: parsed.data } }
}
