/**
 * Agents that hold a credential: who each of them is, and whether a text is one of theirs. Only hashes are kept, in the
 * store; each addition and removal is an entry of the log, without anything of the credential.
 */
import { timingSafeEqual } from 'node:crypto'
import {
  type AgentInfo,
  agentInfoSchema,
  agentNameSchema,
  agentPrincipalSchema,
  CallError,
  type Clock,
  hashSchema,
  type NewAgent,
  type Store,
} from '@hansa/protocols'
import {
  agentCredentialHash,
  decodeBase64url,
  encodeBase64url,
  isAgentCredential,
  newAgentCredential,
  parsedJson,
} from '@hansa/trust'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { Events } from './event-outbox.ts'

/** Bounds what comparing one credential costs. */
export const MAX_AGENTS = 1_000

const NAMESPACE = 'agents'
const recordSchema = agentInfoSchema.extend({ hash: hashSchema })

export type AgentBookComponents = { store: Store; clock: Clock; events: Events }

type Member = { info: AgentInfo; hash: Uint8Array; identity: AgentIdentity; removal: AbortController }

export class AgentBook {
  readonly #c: AgentBookComponents
  readonly #members = new Map<string, Member>()
  /** Names that are being added now. */
  readonly #adding = new Set<string>()

  /** A record that cannot be read stands for nobody: the agent is refused, and an operator adds it again. */
  static async open(components: AgentBookComponents): Promise<AgentBook> {
    const book = new AgentBook(components)
    for (const { value } of await components.store.list(NAMESPACE)) {
      const parsed = recordSchema.safeParse(parsedJson(value))
      const hash = parsed.success ? decodeBase64url(parsed.data.hash) : undefined
      if (!parsed.success || hash?.length !== 32) continue
      const { name, principal, created } = parsed.data
      book.#keep({ name, principal, created }, hash)
    }
    return book
  }

  private constructor(components: AgentBookComponents) {
    this.#c = components
  }

  /** By name. */
  list(): AgentInfo[] {
    return [...this.#members.values()].map(({ info }) => ({ ...info })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /**
   * @param init principal: `agent:NAME` by default
   * @throws CallError `invalid_request` when the name is taken or the bound is reached.
   */
  async add({ name, principal = `agent:${name}` }: { name: string; principal?: string }): Promise<NewAgent> {
    if (!agentNameSchema.safeParse(name).success) throw invalid(`${JSON.stringify(name)} is not the name of an agent`)
    if (!agentPrincipalSchema.safeParse(principal).success) throw invalid('an agent acts as agent:NAME')
    if (this.#members.has(name) || this.#adding.has(name)) {
      throw invalid(`there is an agent ${name} already; to give it a new credential, remove it and add it again`)
    }
    if (this.#members.size + this.#adding.size >= MAX_AGENTS) throw invalid(`a kernel has at most ${MAX_AGENTS} agents`)
    this.#adding.add(name)
    try {
      const credential = newAgentCredential()
      const hash = agentCredentialHash(credential)
      const info = { name, principal, created: Math.floor(this.#c.clock.now() / 1000) }
      const value = JSON.stringify({ ...info, hash: encodeBase64url(hash) })
      const added = { type: 'agent.added', actor: principal, ext: { agent: name } } as const
      await this.#c.events.record(added, [{ namespace: NAMESPACE, key: name, value }])
      this.#keep(info, hash)
      return { ...info, credential }
    } finally {
      this.#adding.delete(name)
    }
  }

  /** The credential is refused from now on, and what it has open ends. @throws CallError `not_found` */
  async remove(name: string): Promise<void> {
    const member = this.#members.get(name)
    if (member === undefined)
      throw new CallError({ code: 'not_found' }, `not_found: There is no agent ${name}. See: hansa agent list`)
    this.#members.delete(name)
    member.removal.abort(new Error('the credential was taken away'))
    const removed = { type: 'agent.removed', actor: member.info.principal, ext: { agent: name } } as const
    await this.#c.events.record(removed, [{ namespace: NAMESPACE, key: name }])
  }

  /** Looks at every agent, so that the time says nothing of which one it was nearly. */
  identify(credential: string): AgentIdentity | undefined {
    if (!isAgentCredential(credential)) return undefined
    const shown = agentCredentialHash(credential)
    let found: AgentIdentity | undefined
    for (const { hash, identity } of this.#members.values()) {
      if (timingSafeEqual(hash, shown)) found = identity
    }
    return found
  }

  #keep(info: AgentInfo, hash: Uint8Array): void {
    const removal = new AbortController()
    const identity = { name: info.name, principal: info.principal, removed: removal.signal }
    this.#members.set(info.name, { info, hash, identity, removal })
  }
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
