/**
 * Chains that this kernel holds: those it was given, and those that it gave or passed on. Each is in the store and in the
 * log before it counts. A chain is known by the hash of its last link.
 */
import {
  CallError,
  type ChainSource,
  type Clock,
  chainSourceSchema,
  type DelegationLink,
  type EntryDraft,
  type Hash,
  MAX_DELEGATION_BYTES,
  MAX_DELEGATION_LINKS,
  principalSchema,
  type Store,
} from '@hansa/protocols'
import { parsedJson, readLink } from '@hansa/trust'
import { z } from 'zod'
import type { Events } from '../kernel/event-outbox.ts'

/** Bounds what looking for the one that covers a call costs. */
export const MAX_CHAINS = 1_000
/** Characters of an id that name a chain, when no other begins with them. */
const MIN_ID_CHARS = 8

const NAMESPACE = 'delegations'

const recordSchema = z.strictObject({
  v: z.literal(1),
  jwss: z.array(z.string().max(MAX_DELEGATION_BYTES)).min(1).max(MAX_DELEGATION_LINKS),
  source: chainSourceSchema,
  principal: principalSchema.optional(),
  since: z.int(),
})

export type HeldChain = {
  id: Hash
  jwss: readonly string[]
  /** The first one first. */
  links: readonly DelegationLink[]
  hashes: readonly Hash[]
  source: ChainSource
  /** The one principal of this kernel that may use it. @default each */
  principal?: string
  /** Unix seconds. */
  since: number
}

export type ChainBookComponents = { store: Store; clock: Clock; events: Events }

export class ChainBook {
  readonly #c: ChainBookComponents
  readonly #chains = new Map<Hash, HeldChain>()

  /** @throws Error for a record that cannot be read: it must not look like none. */
  static async open(components: ChainBookComponents): Promise<ChainBook> {
    const book = new ChainBook(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = recordSchema.safeParse(parsedJson(value))
      const chain = record.success ? heldChain(record.data) : undefined
      if (chain?.id !== key) throw new Error(`the chain ${key} that is stored cannot be read; restore the store`)
      book.#chains.set(key, chain)
    }
    return book
  }

  private constructor(components: ChainBookComponents) {
    this.#c = components
  }

  /** In the order in which they came. */
  list(): HeldChain[] {
    return [...this.#chains.values()].sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1))
  }

  /** @param name an id, or what only this one begins with; undefined when it names none, or several */
  find(name: string): HeldChain | undefined {
    const exact = this.#chains.get(name)
    if (exact !== undefined || name.length < MIN_ID_CHARS) return exact
    const found = [...this.#chains.values()].filter(({ id }) => id.startsWith(name))
    return found.length === 1 ? found[0] : undefined
  }

  /**
   * Keeps a chain that was verified, or that this kernel has just made.
   * @param told the entry that says so
   * @throws CallError `invalid_request` when there are too many; it is held already: nothing changes but who may use it
   */
  async keep(init: Omit<HeldChain, 'id' | 'links' | 'hashes' | 'since'>, told: EntryDraft): Promise<HeldChain> {
    if (this.#chains.size >= MAX_CHAINS) throw invalid(`a kernel holds at most ${MAX_CHAINS} chains; remove some first`)
    const { principal } = init
    const record = {
      v: 1 as const,
      jwss: [...init.jwss],
      source: init.source,
      ...(principal === undefined ? {} : { principal }),
      since: Math.floor(this.#c.clock.now() / 1000),
    }
    const chain = heldChain(record)
    if (chain === undefined) throw invalid('what was given is no chain')
    await this.#c.events.record(told, [{ namespace: NAMESPACE, key: chain.id, value: JSON.stringify(record) }])
    this.#chains.set(chain.id, chain)
    return chain
  }

  /** It no longer counts here, at once. @throws CallError `not_found` */
  async remove(name: string, by: string): Promise<HeldChain> {
    const chain = this.find(name)
    if (chain === undefined) throw notHeld(name)
    this.#chains.delete(chain.id)
    const told = { type: 'delegation.removed', actor: by, ext: { hash: chain.id } } as const
    await this.#c.events.record(told, [{ namespace: NAMESPACE, key: chain.id }])
    return chain
  }
}

export function notHeld(name: string): CallError {
  const message = `not_found: No chain ${name} is held here, or more than one begins like this. See: hansa delegation list`
  return new CallError({ code: 'not_found' }, message)
}

function heldChain({ jwss, source, principal, since }: z.infer<typeof recordSchema>): HeldChain | undefined {
  const read = jwss.flatMap((jws) => readLink(jws) ?? [])
  const id = read.at(-1)?.hash
  if (id === undefined || read.length !== jwss.length) return undefined
  const [links, hashes] = [read.map(({ link }) => link), read.map(({ hash }) => hash)]
  return { id, jwss, links, hashes, source, ...(principal === undefined ? {} : { principal }), since }
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
