/**
 * What the configuration of a node offers, from its start to its end: opened once, exchanged when the configuration is
 * read again, and followed when an MCP server changes what it lists. One change at a time.
 */
import type { EventLogger } from '@hansa/protocols'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import { type ConfiguredCapabilities, type Exchange, ExchangeRefused } from '../kernel/configured-capabilities.ts'
import { A2aSource, keyOfA2a } from './a2a-source.ts'
import type { CapabilitySource, Offers, SourceComponents } from './capability-source.ts'
import { httpSource, keyOfHttp, keyOfModule, moduleSource } from './fixed-source.ts'
import { keyOfMcp, McpSource } from './mcp-source.ts'

export type ConfiguredOffersComponents = Omit<SourceComponents, 'changed'>

type Opened = { item: ConfiguredItem; source: CapabilitySource }
type Prepared = Offers & { opened: Opened[] }

export type OffersChange =
  | { ok: true; commit(): Omit<Exchange, 'closed'>; discard(): Promise<void> }
  | { ok: false; faults: string[] }

export class ConfiguredOffers implements AsyncDisposable {
  readonly #components: SourceComponents
  readonly #logger: EventLogger
  readonly #modules = new Map<string, string>()
  #opened: Opened[] = []
  #kernel: ConfiguredCapabilities | undefined
  #first: Prepared | undefined
  #work: Promise<unknown> = Promise.resolve()
  #following = false

  constructor(components: ConfiguredOffersComponents) {
    this.#logger = components.logger
    this.#components = { ...components, changed: () => this.#follow() }
  }

  /** Opens everything that is configured, before there is a kernel. @returns what is wrong with it, all of it. */
  async prepare(items: readonly ConfiguredItem[]): Promise<string[]> {
    this.#first = await this.#prepare(items)
    this.#opened = this.#first.opened
    return this.#first.faults
  }

  /** Puts in force what was prepared. @throws ExchangeRefused with everything that the kernel refuses. */
  attach(kernel: ConfiguredCapabilities): void {
    this.#kernel = kernel
    const { offers = [], withheld = [], opened = [] } = this.#first ?? {}
    kernel.exchange(offers, withheld)
    for (const { source, item } of opened) source.adopt(item)
  }

  /** Prepares another configuration; until it is committed or discarded nothing else changes here. */
  async change(items: readonly ConfiguredItem[]): Promise<OffersChange> {
    const { promise: done, resolve: release } = Promise.withResolvers<void>()
    const before = this.#work
    this.#work = done
    await before
    const prepared = await this.#prepare(items)
    const discard = async () => {
      await dispose(prepared.opened, this.#opened)
      release()
    }
    if (prepared.faults.length > 0) {
      await discard()
      return { ok: false, faults: prepared.faults }
    }
    return { ok: true, discard, commit: () => this.#commit(prepared, release) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened
    this.#opened = []
    await dispose(opened, [])
  }

  /** @throws ExchangeRefused; then it still has to be discarded. */
  #commit(prepared: Prepared, release: () => void): Omit<Exchange, 'closed'> {
    if (this.#kernel === undefined) throw new Error('there is no kernel yet')
    const { closed, ...exchanged } = this.#kernel.exchange(prepared.offers, prepared.withheld)
    const gone = this.#opened
    this.#opened = prepared.opened
    for (const { source, item } of prepared.opened) source.adopt(item)
    closed
      .then(() => dispose(gone, this.#opened))
      .catch((error: unknown) => this.#logger.warn('capability.not_closed', { reason: String(error) }))
    release()
    return exchanged
  }

  async #prepare(items: readonly ConfiguredItem[]): Promise<Prepared> {
    const opened = await Promise.all(items.map(async (item) => ({ item, source: await this.#sourceOf(item) })))
    return this.#offersOf(opened, true)
  }

  async #offersOf(opened: Opened[], again: boolean): Promise<Prepared> {
    const all = await Promise.all(opened.map(({ item, source }) => source.offersOf(item, again)))
    return {
      opened,
      offers: all.flatMap(({ offers }) => offers),
      withheld: all.flatMap(({ withheld }) => withheld),
      faults: all.flatMap(({ faults }) => faults),
    }
  }

  async #sourceOf(item: ConfiguredItem): Promise<CapabilitySource> {
    const key = await keyOf(item)
    const known = this.#opened.find(({ source }) => source.key === key)
    if (known !== undefined) return known.source
    if (item.kind === 'mcp') return new McpSource(item, this.#components)
    if (item.kind === 'a2a') return new A2aSource(item, this.#components)
    if (item.kind === 'http') return httpSource(item, this.#components)
    return moduleSource(item, key, this.#modules)
  }

  /** An MCP server lists something else: what it changed is suspended, what is new is shown. */
  #follow(): void {
    if (this.#following || this.#kernel === undefined) return
    this.#following = true
    const look = async () => {
      this.#following = false
      const { offers, withheld, faults } = await this.#offersOf(this.#opened, false)
      // A server that does not answer now keeps its place: each call of it looks again.
      if (faults.length > 0) throw new ExchangeRefused(faults)
      this.#kernel?.exchange(offers, withheld)
      for (const { source, item } of this.#opened) source.adopt(item)
    }
    this.#work = this.#work.then(look).catch((error: unknown) => {
      const reason = error instanceof ExchangeRefused ? error.faults.join('; ') : String(error)
      this.#logger.error('capability.not_followed', { reason })
    })
  }
}

function keyOf(item: ConfiguredItem): string | Promise<string> {
  if (item.kind === 'mcp') return keyOfMcp(item)
  if (item.kind === 'a2a') return keyOfA2a(item)
  return item.kind === 'http' ? keyOfHttp(item) : keyOfModule(item)
}

async function dispose(opened: readonly Opened[], staying: readonly Opened[]): Promise<void> {
  const kept = new Set(staying.map(({ source }) => source))
  const gone = [...new Set(opened.map(({ source }) => source))].filter((source) => !kept.has(source))
  await Promise.allSettled(gone.map((source) => source[Symbol.asyncDispose]()))
}
