/**
 * One MCP server of the configuration. Before each call it is certain that the server still describes what is called as
 * it did when the class was given: a new connection, or a word of the server that what it offers has changed, has the
 * list read again first, on the connection that the call would use.
 */
import { canonicalJson } from '@hansa/trust'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import {
  type Driver,
  DriverError,
  digestOfMcp,
  listedOf,
  type McpBackend,
  type McpListed,
  type McpLook,
  type McpServerView,
  mcpBackend,
  mcpDriver,
} from '../drivers/index.ts'
import { type CapabilitySource, noOffers, type Offers, type SourceComponents } from './capability-source.ts'
import { classOf, placeOf, surveyMcp } from './mcp-survey.ts'
import { needsLogin, openUpstream, type Upstream } from './upstream-settings.ts'

type McpItem = Extract<ConfiguredItem, { kind: 'mcp' }>

/** Connections of which it is remembered what they list, besides the one that is asked what there is. */
const MAX_LOOKS = 32

export function keyOfMcp({ prefix, connection, asks, auth }: McpItem): string {
  return `mcp ${canonicalJson({ prefix, connection, asks: asks !== false, auth: { ...auth } })}`
}

export class McpSource implements CapabilitySource {
  readonly key: string
  readonly #components: SourceComponents
  readonly #backend: McpBackend
  readonly #upstream: Upstream | undefined
  readonly #drivers = new Map<string, { made: string; driver: Driver }>()
  readonly #first = new Map<string, string>()
  #listed: McpLook | undefined
  /** By revision: what connections list that serve one call at a time. */
  readonly #elsewhere = new Map<number, McpLook>()
  #prompts: ReadonlySet<string> = new Set()
  #told = new Set<string>()

  constructor(item: McpItem, components: SourceComponents) {
    this.key = keyOfMcp(item)
    this.#components = components
    const { changed } = components
    const { prefix: name, connection, asks = true } = item
    this.#upstream = openUpstream(item, components)
    const { access } = this.#upstream ?? {}
    this.#backend = mcpBackend({ name, connection, asks, access, changed })(components)
  }

  async offersOf(item: ConfiguredItem, again: boolean): Promise<Offers> {
    if (item.kind !== 'mcp') return noOffers()
    const { at, prefix, connection, classified } = item
    if (again) this.#upstream?.client.readAgain()
    try {
      if (again || this.#listed?.revision !== this.#backend.revision) this.#listed = await this.#backend.look()
    } catch (error) {
      if (!(error instanceof DriverError)) throw error
      if (needsLogin(error)) return this.#waitForLogin(at, prefix)
      const what = connection.kind === 'stdio' ? connection.command : connection.url
      return noOffers(`${at}: the MCP server ${what} does not answer: ${error.detail.reason}`)
    }
    const { detectors } = this.#components
    const survey = surveyMcp(this.#all(), { at, prefix, classified, first: this.#first, detectors })
    this.#tell(survey.unusable)
    const names = survey.offered.flatMap(({ listed }) => (listed.kind === 'prompt' ? [listed.name] : []))
    this.#prompts = new Set(names)
    const offers = survey.offered.map(({ definition, listed, claim }) => ({
      at,
      definition,
      driver: this.#driver(listed, canonicalJson({ definition, digest: claim.digest })),
      tool: claim,
    }))
    return { offers, withheld: survey.withheld, faults: survey.faults }
  }

  /** It is no mistake of the configuration: nobody can sign in at a server that may not be configured. */
  #waitForLogin(at: string, server: string): Offers {
    this.#listed = undefined
    this.#tell([
      `${at}: the MCP server ${server} offers nothing before somebody signs in: hansa capability login ${server}`,
    ])
    return noOffers()
  }

  adopt(item: ConfiguredItem): void {
    if (item.kind !== 'mcp') return
    const { classified } = item
    const kept = new Set<string>()
    for (const listed of this.#all()) {
      if (classOf(classified, listed) === undefined) continue
      const place = placeOf(listed)
      kept.add(place)
      if (!this.#first.has(place)) this.#first.set(place, digestOfMcp(listed))
    }
    for (const [kind, classes] of Object.entries(classified))
      for (const name of Object.keys(classes)) kept.add(placeOf({ kind: kind as McpListed['kind'], name }))
    for (const place of this.#first.keys()) if (!kept.has(place)) this.#first.delete(place)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]()
  }

  #all(): McpListed[] {
    return this.#listed === undefined ? [] : listedOf(this.#listed)
  }

  #driver(listed: McpListed, made: string): Driver {
    const known = this.#drivers.get(placeOf(listed))
    if (known?.made === made) return known.driver
    const driver = mcpDriver({
      backend: this.#backend,
      listed,
      confirm: (asked, server) => this.#confirm(asked, server),
      offersPrompt: (name) => this.#prompts.has(name),
    })
    this.#drivers.set(placeOf(listed), { made, driver })
    return driver
  }

  async #confirm(asked: McpListed, server: McpServerView): Promise<void> {
    const now = listedOf(await this.#lookAt(server)).filter((other) => placeOf(other) === placeOf(asked))
    const [only] = now
    if (now.length === 1 && only !== undefined && digestOfMcp(only) === digestOfMcp(asked)) return
    const reason = `the MCP server describes ${asked.name} differently than when it was classified`
    throw new DriverError({ code: 'backend_failed', began: false, reason })
  }

  async #lookAt(server: McpServerView): Promise<McpLook> {
    if (this.#listed?.revision === server.revision) return this.#listed
    const known = this.#elsewhere.get(server.revision)
    if (known !== undefined) return known
    const look = await server.look()
    if (server.lists) {
      this.#listed = look
      this.#components.changed()
      return look
    }
    this.#elsewhere.set(look.revision, look)
    for (const revision of this.#elsewhere.keys()) {
      if (this.#elsewhere.size <= MAX_LOOKS) break
      this.#elsewhere.delete(revision)
    }
    return look
  }

  /** Each once, although the list is read many times. */
  #tell(sentences: readonly string[]): void {
    for (const reason of sentences) {
      if (this.#told.has(reason) || this.#told.size > 1_000) continue
      this.#told.add(reason)
      this.#components.logger.warn('capability.unusable', { reason })
    }
  }
}
