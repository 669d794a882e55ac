/**
 * Whether a chain of delegations lets a kernel act now (security.md B5). A chain alone does nothing: whoever acts is named
 * by its last link, and has signed the intent with the key of that name.
 */
import {
  type CapabilityId,
  DELEGATION_TYP,
  type DelegationLimits,
  type DelegationLink,
  type Did,
  delegationLinkSchema,
  MAX_DELEGATION_BYTES,
  MAX_DELEGATION_LIFE_SECONDS,
  MAX_DELEGATION_LINKS,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { verifyJws } from '../signed/jws.ts'
import { commandOf, covers } from './command.ts'
import { whyNot } from './holds.ts'
import { linkHash } from './issue-link.ts'
import { whyWider } from './narrowing.ts'
import { readLink } from './read-link.ts'

export type VerifyChainInit = {
  /** Who signed the intent. */
  invoker: Did
  /** Whose grants count: this kernel, and whom its policy names as owners. */
  owners: ReadonlySet<Did>
  resolver: KeyResolver
  now: UnixSeconds
  /**
   * Whether the link of this hash was taken back by one of these: its issuer and those of the links before it. Whoever
   * cannot tell says so by throwing, and the chain is refused.
   */
  revoked(hash: string, by: readonly Did[]): boolean
}

export type VerifiedChain = {
  /** The first link first. */
  links: readonly { link: DelegationLink; hash: string }[]
  /** Everybody in it, the owner first: the effective standing is the least of theirs. */
  principals: readonly Did[]
  /** Limits of each link, which count what passes under it, by hash. */
  limits: readonly { hash: string; lim: DelegationLimits }[]
}

export type ChainVerdict = { ok: true; chain: VerifiedChain } | { ok: false; reason: string; at?: number }

/** @param jwss first link first. Never throws for anything in them. */
export async function verifyChain(jwss: readonly string[], init: VerifyChainInit): Promise<ChainVerdict> {
  if (jwss.length === 0 || jwss.length > MAX_DELEGATION_LINKS) return refused('chain_length')
  if (jwss.reduce((sum, { length }) => sum + length, 0) > MAX_DELEGATION_BYTES) return refused('chain_too_large')
  const links: { link: DelegationLink; hash: string }[] = []
  for (const [at, jws] of jwss.entries()) {
    // Before its key is looked up, which may be far away: only whom the owner, or a link that was verified, has named.
    const claimed = readLink(jws)
    const reason = claimed && whyUnfit(links, claimed, init)
    if (reason !== undefined) return refused(reason, at)
    const verdict = await verifyLink(jws, init)
    if (!verdict.ok) return refused(verdict.reason, at)
    if (verdict.read.hash !== claimed?.hash) return refused('link_malformed', at)
    links.push(verdict.read)
  }
  const [first, last] = [links[0]?.link, links.at(-1)?.link]
  if (first === undefined || last === undefined) return refused('chain_length')
  if (last.aud !== init.invoker) return refused('not_the_invoker', links.length - 1)
  const principals = [first.iss, ...links.map(({ link }) => link.aud)]
  if (new Set(principals).size !== principals.length) return refused('chain_returns')
  return { ok: true, chain: { links, principals, limits: links.map(({ hash, link }) => ({ hash, lim: link.lim })) } }
}

/** Whether the chain covers this call. @returns the reason when it does not. */
export function whyNotCovered(
  { links }: { links: readonly { link: DelegationLink }[] },
  capability: CapabilityId,
  args: unknown,
): string | undefined {
  for (const [at, { link }] of links.entries()) {
    if (!covers(link.cmd, commandOf(capability))) return `link ${at}: ${capability} is not below ${link.cmd}`
    const reason = whyNot(link.pol, args)
    if (reason !== undefined) return `link ${at}: ${reason}`
  }
  return undefined
}

type ReadLink = { link: DelegationLink; hash: string }

async function verifyLink(
  jws: string,
  { resolver }: VerifyChainInit,
): Promise<{ ok: true; read: ReadLink } | { ok: false; reason: string }> {
  const verdict = await verifyJws(jws, {
    typ: DELEGATION_TYP,
    resolver,
    maxBytes: MAX_DELEGATION_BYTES,
    purpose: 'capabilityDelegation',
    issuedAt: (payload) => payload.iat,
    issuerOf: (payload) => payload.iss,
  })
  if (!verdict.ok) return verdict
  const link = delegationLinkSchema.safeParse(verdict.payload)
  if (!link.success) return { ok: false, reason: 'link_malformed' }
  return { ok: true, read: { link: link.data, hash: linkHash(verdict.payloadBytes) } }
}

/** What is wrong with a link behind those before it, at this time. */
function whyUnfit(above: readonly ReadLink[], { link, hash }: ReadLink, init: VerifyChainInit): string | undefined {
  const before = above.at(-1)
  if (link.exp - link.nbf > MAX_DELEGATION_LIFE_SECONDS || link.exp <= link.nbf) return 'link_life'
  if (init.now < link.nbf) return 'link_not_yet'
  if (init.now >= link.exp) return 'link_expired'
  if (isRevoked(hash, [...above.map((one) => one.link.iss), link.iss], init)) return 'link_revoked'
  if (before === undefined) return whyNoRoot(link, init)
  if (link.prf !== before.hash) return 'link_elsewhere'
  const wider = whyWider(before.link, link)
  return wider === undefined ? undefined : `link_wider: ${wider}`
}

function whyNoRoot(link: DelegationLink, { owners }: VerifyChainInit): string | undefined {
  if (link.prf !== null || link.root !== link.jti) return 'root_missing'
  if (link.iss !== link.sub) return 'root_not_of_the_owner'
  return owners.has(link.sub) ? undefined : 'owner_not_accepted'
}

function isRevoked(hash: string, by: readonly Did[], { revoked }: VerifyChainInit): boolean {
  try {
    return revoked(hash, by)
  } catch {
    return true
  }
}

function refused(reason: string, at?: number): ChainVerdict {
  return { ok: false, reason, ...(at === undefined ? {} : { at }) }
}
