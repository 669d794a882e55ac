/**
 * Whether this kernel takes part in a mesh, and through whom it joined: both are in the store and in the log before they
 * count, so that a node that starts again is where it was.
 */
import {
  CallError,
  type Clock,
  type Did,
  didSchema,
  type EntryDraft,
  principalSchema,
  type Store,
  type StoreChange,
  unixSecondsSchema,
} from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import { z } from 'zod'
import type { Events } from '../kernel/event-outbox.ts'

const NAMESPACE = 'mesh.membership'
/** Key of what this kernel itself has said; the others are DIDs. */
const SELF = 'self'
/** Kernels that an operator joined through. */
export const MAX_NAMED = 64

const said = { v: z.literal(1), by: principalSchema, since: unixSecondsSchema }
const selfSchema = z.strictObject(said)
const namedSchema = z.strictObject({
  ...said,
  did: didSchema,
  endpoint: z.string().max(2048),
  name: z.string().max(128).optional(),
})

/** A kernel that an operator joined through. */
export type NamedNeighbour = { did: Did; endpoint: string; name?: string | undefined; since: number }

export type MembershipComponents = { store: Store; clock: Clock; events: Events }

export class Membership {
  readonly #c: MembershipComponents
  readonly #named = new Map<Did, NamedNeighbour>()
  #since: number | undefined

  /** @throws Error for a record that cannot be read: it must not look like none. */
  static async open(components: MembershipComponents): Promise<Membership> {
    const membership = new Membership(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const self = key === SELF ? selfSchema.safeParse(parsedJson(value)) : undefined
      const named = key === SELF ? undefined : namedSchema.safeParse(parsedJson(value))
      if (self?.success === true) membership.#since = self.data.since
      else if (named?.success === true) membership.#hold(named.data)
      else throw new Error(`what is stored of the mesh under ${key} cannot be read; restore the store`)
    }
    return membership
  }

  private constructor(components: MembershipComponents) {
    this.#c = components
  }

  /** Unix seconds; undefined when this kernel takes no part. */
  get since(): number | undefined {
    return this.#since
  }

  named(): NamedNeighbour[] {
    return [...this.#named.values()]
  }

  has(did: Did): boolean {
    return this.#named.has(did)
  }

  /**
   * Takes part from now on, through `neighbour` if one is named; saying it again replaces its endpoint.
   * @throws CallError `invalid_request` when there are `MAX_NAMED` already.
   */
  async join(by: string, neighbour?: { did: Did; endpoint: string; name?: string | undefined }): Promise<void> {
    if (neighbour !== undefined && !this.has(neighbour.did) && this.#named.size >= MAX_NAMED) {
      const message = `invalid_request: This node joined through ${MAX_NAMED} kernels already; leave first, or go on with those.`
      throw new CallError({ code: 'invalid_request' }, message)
    }
    const since = Math.floor(this.#c.clock.now() / 1000)
    const self = { v: 1 as const, by, since: this.#since ?? since }
    const named = neighbour && namedSchema.parse({ ...neighbour, v: 1, by, since })
    const changes: StoreChange[] = [{ namespace: NAMESPACE, key: SELF, value: JSON.stringify(self) }]
    if (named !== undefined) changes.push({ namespace: NAMESPACE, key: named.did, value: JSON.stringify(named) })
    const told: EntryDraft = {
      type: 'mesh.joined',
      actor: by,
      ...(named === undefined ? {} : { peer: named.did, ext: { note: named.endpoint } }),
    }
    await this.#c.events.record(told, changes)
    this.#since = self.since
    if (named !== undefined) this.#hold(named)
  }

  /** Takes no part any more, and forgets through whom it did. */
  async leave(by: string): Promise<void> {
    const keys = [SELF, ...this.#named.keys()]
    const changes = keys.map((key): StoreChange => ({ namespace: NAMESPACE, key }))
    await this.#c.events.record({ type: 'mesh.left', actor: by }, changes)
    this.#since = undefined
    this.#named.clear()
  }

  #hold({ did, endpoint, name, since }: NamedNeighbour): void {
    this.#named.set(did, { did, endpoint, since, ...(name === undefined ? {} : { name }) })
  }
}
