/** What an operator does with chains: give, pass on, take in, forget, look at. */
import {
  type AddDelegation,
  CallError,
  type Clock,
  type Delegate,
  type Delegations,
  type Did,
  decodeChain,
  encodeChain,
  type HeldChainInfo,
  isDid,
  isPrincipal,
  type UnixSeconds,
} from '@hansa/protocols'
import {
  type IssueVerdict,
  issueNext,
  issueRoot,
  type KeyResolver,
  readLink,
  type Signer,
  verifyChain,
} from '@hansa/trust'
import type { Pseudonyms } from '../exchange/build-intent.ts'
import { type ChainBook, type HeldChain, notHeld } from './chain-book.ts'
import { refusedChain, widens } from './chain-faults.ts'

/** Seconds by which the first link begins before it is made: whoever acts under it has another clock. */
const CLOCK_SLACK_SECONDS = 60

export type DelegationDeskComponents = {
  self: Did
  signer: Signer
  clock: Clock
  resolver: KeyResolver
  book: ChainBook
  /** By which the owner of a chain knows the principals of this kernel. */
  pseudonyms: Pick<Pseudonyms, 'of'>
  revoked(hash: string, by: readonly Did[]): boolean
}

export class DelegationDesk implements Delegations {
  readonly #c: DelegationDeskComponents

  constructor(components: DelegationDeskComponents) {
    this.#c = components
  }

  async list(): Promise<HeldChainInfo[]> {
    return this.#c.book.list().map((chain) => this.#info(chain))
  }

  async delegate({ from, by, ...grant }: Delegate): Promise<HeldChainInfo> {
    if (grant.to === this.#c.self) throw invalid('this kernel cannot delegate to itself')
    const before = from === undefined ? [] : await this.#passable(from)
    const made = this.#issue(before, grant)
    if (!made.ok) throw widens(made.reason, before.at(-1))
    const jwss = [...before, made.issued.jws]
    await this.#check(jwss, grant.to)
    const told = {
      type: 'delegation.issued',
      actor: by,
      peer: grant.to,
      ext: { hash: made.issued.hash, links: jwss, expires: made.issued.link.exp },
    } as const
    return this.#info(await this.#c.book.keep({ jwss, source: 'issued' }, told))
  }

  async add({ chain, principal, by }: AddDelegation): Promise<HeldChainInfo> {
    const jwss = linksIn(chain)
    await this.#check(jwss, this.#c.self)
    const [first, last] = [jwss[0], jwss.at(-1)].map((jws) => (jws === undefined ? undefined : readLink(jws)))
    if (first === undefined || last === undefined) throw invalid('what was given is no chain')
    const told = {
      type: 'delegation.added',
      actor: by,
      peer: last.link.iss,
      ext: { hash: last.hash, links: jwss, expires: last.link.exp },
    } as const
    const who = principal === undefined ? {} : { principal }
    return this.#info(await this.#c.book.keep({ jwss, source: 'added', ...who }, told))
  }

  async remove(id: string, by: string): Promise<HeldChainInfo> {
    return this.#info(await this.#c.book.remove(id, by))
  }

  #issue(
    before: readonly string[],
    { to, cmd, pol, lim, nbf, exp, dep, obo }: Omit<Delegate, 'from' | 'by'>,
  ): IssueVerdict {
    const now = this.#now()
    const parent = before.at(-1)
    const read = parent === undefined ? undefined : readLink(parent)
    const begin = nbf ?? read?.link.nbf ?? now - CLOCK_SLACK_SECONDS
    const grant = {
      ...{ to, cmd, exp, nbf: begin },
      ...(pol === undefined ? {} : { pol }),
      ...(lim === undefined ? {} : { lim }),
      ...(dep === undefined ? {} : { dep }),
      ...(obo === undefined ? {} : { obo }),
    }
    if (read === undefined) return issueRoot(this.#c.signer, grant, now)
    // Depth counts down by one, whatever was asked for: less is said by the link after.
    if (dep !== undefined && dep >= read.link.dep)
      return { ok: false, reason: `its depth of ${dep} is not below the ${read.link.dep} of the link before` }
    const named = obo === undefined ? {} : { obo: this.#nameFor(read.link.sub, obo) }
    return issueNext(this.#c.signer, read, { ...grant, ...named, dep: read.link.dep - 1 }, now)
  }

  /** A principal of this kernel has the name under which it calls the owner; any other word stays what it is. */
  #nameFor(owner: Did, obo: string): string {
    const own = owner !== this.#c.self && !isDid(obo) && isPrincipal(obo)
    return own ? this.#c.pseudonyms.of(obo, owner) : obo
  }

  /** A chain that this kernel was given, by its id or as its text. */
  async #passable(from: string): Promise<readonly string[]> {
    const held = this.#c.book.find(from.trim())
    if (held === undefined && !from.includes('.')) throw notHeld(from)
    const jwss = held?.jwss ?? linksIn(from)
    await this.#check(jwss, this.#c.self)
    return jwss
  }

  /** As whoever is asked would, as far as this kernel knows. @throws CallError */
  async #check(jwss: readonly string[], invoker: Did): Promise<void> {
    const { resolver, revoked } = this.#c
    const first = jwss[0] === undefined ? undefined : readLink(jwss[0])
    const owners = new Set(first === undefined ? [] : [first.link.sub])
    const verdict = await verifyChain(jwss, { invoker, owners, resolver, now: this.#now(), revoked })
    if (!verdict.ok) throw refusedChain(verdict, jwss, this.#c.self)
    if (encodeChain(jwss) === undefined) throw invalid('the chain is longer than one may travel')
  }

  #info(chain: HeldChain): HeldChainInfo {
    const { id, jwss, links, hashes, source, principal, since } = chain
    const [first, last] = [links[0], links.at(-1)]
    if (first === undefined || last === undefined) throw new TypeError('a chain has a link')
    const state = this.#stateOf(chain)
    return {
      ...{ id, state, source, owner: first.iss, issuer: last.iss, audience: last.aud },
      usable: state === 'valid' && last.aud === this.#c.self,
      ...{ cmd: last.cmd, exp: Math.min(...links.map(({ exp }) => exp)), dep: last.dep },
      ...(principal === undefined ? {} : { principal }),
      since,
      links: links.map((link, at) => ({ ...link, hash: hashes[at] ?? '' })),
      chain: jwss.join('\n'),
    }
  }

  #stateOf({ links, hashes }: HeldChain): HeldChainInfo['state'] {
    const now = this.#now()
    if (
      hashes.some((hash, at) =>
        this.#isRevoked(
          hash,
          links.slice(0, at + 1).map(({ iss }) => iss),
        ),
      )
    )
      return 'revoked'
    if (links.some(({ exp }) => now >= exp)) return 'expired'
    return links.some(({ nbf }) => now < nbf) ? 'not_yet' : 'valid'
  }

  #isRevoked(hash: string, by: readonly Did[]): boolean {
    try {
      return this.#c.revoked(hash, by)
    } catch {
      return true
    }
  }

  #now(): UnixSeconds {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

/** @throws CallError `invalid_request` */
function linksIn(text: string): string[] {
  const links = decodeChain(Buffer.from(text.trim().replaceAll('\r\n', '\n'), 'utf8'))
  if (links === undefined || links.length === 0)
    throw invalid('what was given is no chain: at most four links as compact JWS, one a line')
  return links
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
