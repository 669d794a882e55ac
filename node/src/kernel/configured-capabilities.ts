/**
 * What the configuration of a node offers, exchanged as a whole: either everything of the new set is offered, or the
 * set before stays. Whatever is in both keeps its driver; the driver of what is gone is closed once the calls that run
 * now have ended. Beside it stands what is known and withheld until an operator decides.
 */
import type { CapabilityDefinition, CapabilityId, CapabilityInfo, EntryDraft } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { Driver } from '../drivers/index.ts'
import type { RunningCalls } from './invoke.ts'
import { describeCapability, type LocalCapabilities } from './local-capabilities.ts'

/** `at` is where it is configured. */
export type ConfiguredCapability = { at: string; definition: CapabilityDefinition; driver: Driver; tool?: ToolClaim }

/** What an MCP server, or an agent of A2A (`skill`), says of one thing that it offers. */
export type ToolClaim = {
  server: string
  kind: 'tool' | 'prompt' | 'resource' | 'skill'
  name: string
  digest: string
  pinned?: string
  annotations?: unknown
  /** Rules of the firewall that fire on it. */
  found?: string[]
}

/** Seen, and not called before an operator has said what it may do. */
export type WithheldCapability = {
  at: string
  state: 'unclassified' | 'suspended'
  reason: string
  definition: CapabilityDefinition
  tool: ToolClaim
}

export type Exchange = {
  added: CapabilityId[]
  removed: CapabilityId[]
  changed: CapabilityId[]
  /** Resolves when the drivers of what is gone are closed. */
  closed: Promise<void>
}

export type ConfiguredCapabilitiesComponents = {
  locals: LocalCapabilities
  running: RunningCalls
  append(draft: EntryDraft): Appended
}

type Held = ConfiguredCapability & { remove(): void }

export class ConfiguredCapabilities {
  readonly #c: ConfiguredCapabilitiesComponents
  #held = new Map<CapabilityId, Held>()
  #withheld = new Map<CapabilityId, WithheldCapability>()
  readonly #recorded = new Map<CapabilityId, string>()
  readonly #retired = new Set<Driver>()

  constructor(components: ConfiguredCapabilitiesComponents) {
    this.#c = components
  }

  find(id: CapabilityId): ConfiguredCapability | undefined {
    return this.#held.get(id)
  }

  withheld(id: CapabilityId): WithheldCapability | undefined {
    return this.#withheld.get(id)
  }

  /** @returns why an id that is known cannot be called, for the log. */
  reasonOf(id: CapabilityId): string | undefined {
    return this.#withheld.get(id)?.reason
  }

  listWithheld(): CapabilityInfo[] {
    return [...this.#withheld.values()]
      .filter(({ definition }) => !this.#held.has(definition.id))
      .map(infoOfWithheld)
      .sort((a, b) => (a.ref < b.ref ? -1 : 1))
  }

  /** @throws ExchangeRefused with every fault; nothing has changed then. */
  exchange(next: readonly ConfiguredCapability[], withheld: readonly WithheldCapability[]): Exchange {
    const kept = next.filter(({ definition, driver }) => this.#held.get(definition.id)?.driver === driver)
    const fresh = next.filter((capability) => !kept.includes(capability))
    const staying = new Set(kept.map(({ definition }) => definition.id))
    const leaving = [...this.#held.values()].filter(({ definition }) => !staying.has(definition.id))
    // Nothing in between waits, so no call sees half of it.
    for (const { remove } of leaving) remove()
    const { held, faults } = this.#addAll(fresh)
    if (faults.length > 0) {
      for (const { remove } of held) remove()
      for (const each of leaving) this.#held.set(each.definition.id, this.#add(each))
      throw new ExchangeRefused(faults)
    }
    const before = this.#held
    this.#held = new Map(kept.map((each) => [each.definition.id, { ...each, remove: removeOf(before, each) }]))
    for (const each of held) this.#held.set(each.definition.id, each)
    this.#withheld = new Map(withheld.map((each) => [each.definition.id, each]))
    this.#recordSuspensions()
    return { ...difference(leaving, held), closed: this.#retire(leaving.map(({ driver }) => driver)) }
  }

  /** Closes every driver, those too that still wait for a call. */
  async close(): Promise<void> {
    const drivers = [...[...this.#held.values()].map(({ driver }) => driver), ...this.#retired]
    await Promise.allSettled(drivers.map((driver) => driver[Symbol.asyncDispose]()))
  }

  #addAll(fresh: readonly ConfiguredCapability[]): { held: Held[]; faults: string[] } {
    const held: Held[] = []
    const faults: string[] = []
    for (const each of fresh) {
      try {
        held.push(this.#add(each))
      } catch (error) {
        if (!(error instanceof Error && 'detail' in error)) throw error
        faults.push(`${each.at}: ${error.message.replace(/^invalid_request: /, '')}`)
      }
    }
    return { held, faults }
  }

  #add(capability: ConfiguredCapability): Held {
    return { ...capability, remove: this.#c.locals.add(capability.definition, capability.driver) }
  }

  async #retire(drivers: readonly Driver[]): Promise<void> {
    for (const driver of drivers) this.#retired.add(driver)
    await this.#c.running.ended()
    await Promise.allSettled(drivers.map((driver) => driver[Symbol.asyncDispose]()))
    for (const driver of drivers) this.#retired.delete(driver)
  }

  /** Once per change of a tool. Not awaited: calls of it are refused whether or not it is recorded. */
  #recordSuspensions(): void {
    for (const [id, { state, tool, reason }] of this.#withheld) {
      if (state !== 'suspended' || this.#recorded.get(id) === tool.digest) continue
      this.#recorded.set(id, tool.digest)
      const ext = { hash: tool.digest, reason: reason.slice(0, 1024).toWellFormed() }
      this.#c.append({ type: 'capability.suspended', cap: id, ext }).durable.catch(() => {})
    }
  }
}

/** Not an error of a call: the configuration cannot be offered. */
export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

function removeOf(held: ReadonlyMap<CapabilityId, Held>, { definition }: ConfiguredCapability): () => void {
  return held.get(definition.id)?.remove ?? (() => {})
}

function difference(leaving: readonly Held[], arriving: readonly Held[]): Omit<Exchange, 'closed'> {
  const ids = (list: readonly Held[]) => list.map(({ definition }) => definition.id)
  const [gone, come] = [ids(leaving), ids(arriving)]
  return {
    added: come.filter((id) => !gone.includes(id)).sort(),
    removed: gone.filter((id) => !come.includes(id)).sort(),
    changed: come.filter((id) => gone.includes(id)).sort(),
  }
}

function infoOfWithheld({ at, state, reason, definition }: WithheldCapability): CapabilityInfo {
  const { id, kind = 'tool', title, description, safety, sensitivity, hash } = describeCapability(definition).descriptor
  return { ref: id, kind, title, description, safety, sensitivity, state, reason, hash, source: at }
}
