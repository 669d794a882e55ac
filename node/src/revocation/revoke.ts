/** What an operator wants to take back, from the words that people use for it to a revocation. */
import {
  CallError,
  type CapabilityId,
  type Clock,
  type Did,
  isDid,
  isPrincipal,
  MAX_TOKEN_LIFE_SECONDS,
  type RevocationInfo,
  type RevocationKind,
  type Revoke,
} from '@hansa/protocols'
import { didOfKey, encodeBase64url, type ReadRevocation, readJwt, readLink, sha256, unverifiedPart } from '@hansa/trust'
import { MAX_ISSUED_LIFE_SECONDS } from '../issuers/issuer-setting.ts'
import { TokenUses } from '../kernel/token-uses.ts'
import type { NewRevocation, RevocationDesk } from './revocation-desk.ts'

export type RevokeComponents = {
  self: Did
  clock: Clock
  desk: Pick<RevocationDesk, 'make'>
  /** Whether this kernel offers it, or would if its program were there. */
  offers(id: CapabilityId): boolean
  /** The kernel that is known under an alias. */
  peerNamed(alias: string): Did | undefined
}

type Named = Pick<NewRevocation, 'kind' | 'what' | 'exp'>

export async function revoke(what: Revoke, components: RevokeComponents): Promise<RevocationInfo> {
  const { kind, name, since, by } = partsOf(what)
  const now = Math.floor(components.clock.now() / 1000)
  const read = await components.desk.make({
    ...named(kind, name, now, components),
    reason: what.reason ?? '',
    ...(kind === 'key' ? { since: since ?? now } : {}),
    ...(by === undefined ? {} : { by }),
  })
  return revocationInfo(read, components.self)
}

export function revocationInfo({ revocation, hash, jws }: ReadRevocation, self: Did): RevocationInfo {
  const { iss, seq, kind, what, reason, iat, since, exp } = revocation
  return {
    issuer: iss,
    own: iss === self,
    seq,
    hash,
    kind,
    what,
    reason,
    made: iat,
    ...(since === undefined ? {} : { since }),
    ...(exp === undefined ? {} : { ends: exp }),
    jws,
  }
}

function partsOf(what: Revoke): {
  kind: RevocationKind
  name: string
  since?: number | undefined
  by?: string | undefined
} {
  if ('token' in what) return { kind: 'token', name: what.token }
  if ('principal' in what) return { kind: 'principal', name: what.principal }
  if (what.since !== undefined && what.kind !== 'key') throw invalid('only a key is revoked from a time on')
  return { kind: what.kind, name: what.what, since: what.since, by: what.by }
}

function named(kind: RevocationKind, name: string, now: number, components: RevokeComponents): Named {
  switch (kind) {
    case 'token':
      return { kind, ...tokenNamed(name, now) }
    case 'principal':
      if (!isPrincipal(name)) throw invalid('a principal is agent:NAME or person:NAME')
      return { kind, what: name }
    case 'capability':
      if (!components.offers(name as CapabilityId))
        throw new CallError(
          { code: 'not_found' },
          `not_found: This kernel offers no capability ${name}. See what there is with: hansa capability list`,
        )
      return { kind, what: name }
    case 'delegation':
      return { kind, ...linkNamed(name, now) }
    case 'peer':
      return { kind, what: peerNamed(name, components) }
    case 'key':
      return { kind, what: keyNamed(name, components) }
    default:
      return { kind, what: name }
  }
}

/** A token of this kernel, or its id; or the token of an issuer, or its hash as the log has it. */
function tokenNamed(token: string, now: number): { what: string; exp: number } {
  const issued = { exp: now + MAX_ISSUED_LIFE_SECONDS + 60 }
  if (/^[A-Za-z0-9_-]{43}$/.test(token)) return { what: token, ...issued }
  if (readJwt(token).ok) return { what: encodeBase64url(sha256(token)), ...issued }
  return { what: tokenId(token), exp: now + MAX_TOKEN_LIFE_SECONDS + 60 }
}

function tokenId(token: string): string {
  const jti = token.startsWith('hkt1.') ? jtiOf(token) : token
  if (jti === undefined || !/^[A-Za-z0-9_-]{22}$/.test(jti)) throw invalid('this is neither a token nor the id of one')
  return TokenUses.idOf(jti)
}

/** Not verified: revoking a token that was never minted harms nobody. */
function jtiOf(token: string): string | undefined {
  const payload = unverifiedPart(token, 2)?.value as { jti?: unknown } | undefined
  return typeof payload?.jti === 'string' ? payload.jti : undefined
}

/** A hash as it is, a link by its hash and its end. Whose link it is decides whether anybody heeds the revocation. */
function linkNamed(name: string, now: number): { what: string; exp?: number } {
  if (!name.includes('.')) return { what: name }
  const read = readLink(name)
  if (read === undefined) throw invalid('this is neither a link of a delegation nor the hash of one')
  if (read.link.exp <= now) throw invalid('this link has ended by itself')
  return { what: read.hash, exp: read.link.exp }
}

/** An identity with a log says it there too, and puts another key in the place of the one that signs. */
function keyNamed(kid: string, { self }: RevokeComponents): string {
  if (didOfKey(kid) !== self || !self.startsWith('did:webvh:')) return kid
  const advice = `hansa key revoke ${kid} --compromised-since TIME --reason WHY`
  throw invalid(`the log of this kernel's identity has to say it too; run ${advice}`)
}

function peerNamed(name: string, { self, peerNamed: named }: RevokeComponents): Did {
  const did = isDid(name) ? name : named(name)
  if (did === undefined)
    throw new CallError({ code: 'not_found' }, `not_found: No peer is known as ${name}. See: hansa peer list`)
  if (did === self) throw invalid('this is the DID of this kernel itself')
  return did
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
