/**
 * One MCP server of the configuration. Before each call it is certain that the server still describes the tool as it did
 * when the class was given: a new connection, or a word of the server that its list has changed, has the list read again
 * first, on the connection that the call would use.
 */
import { canonicalJson } from '@hansa/trust'
import type { Tool } from '@modelcontextprotocol/client'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import {
  type Driver,
  DriverError,
  digestOfTool,
  type McpBackend,
  type McpServerView,
  type McpTools,
  mcpBackend,
  mcpDriver,
} from '../drivers/index.ts'
import { type CapabilitySource, noOffers, type Offers, type SourceComponents } from './capability-source.ts'
import { surveyMcp } from './mcp-survey.ts'

type McpItem = Extract<ConfiguredItem, { kind: 'mcp' }>

export function keyOfMcp({ prefix, connection }: McpItem): string {
  return `mcp ${canonicalJson({ prefix, connection })}`
}

export class McpSource implements CapabilitySource {
  readonly key: string
  readonly #components: SourceComponents
  readonly #backend: McpBackend
  readonly #drivers = new Map<string, { made: string; driver: Driver }>()
  readonly #first = new Map<string, string>()
  #listed: McpTools | undefined
  #told = new Set<string>()

  constructor(item: McpItem, components: SourceComponents) {
    this.key = keyOfMcp(item)
    this.#components = components
    const { changed } = components
    this.#backend = mcpBackend({ name: item.prefix, connection: item.connection, changed })(components)
  }

  async offersOf(item: ConfiguredItem, again: boolean): Promise<Offers> {
    if (item.kind !== 'mcp') return noOffers()
    const { at, prefix, connection, classified } = item
    try {
      if (again || this.#listed?.revision !== this.#backend.revision) this.#listed = await this.#backend.look()
    } catch (error) {
      if (!(error instanceof DriverError)) throw error
      const what = connection.kind === 'stdio' ? connection.command : connection.url
      return noOffers(`${at}: the MCP server ${what} does not answer: ${error.detail.reason}`)
    }
    const survey = surveyMcp(this.#listed?.tools ?? [], { at, prefix, classified, first: this.#first })
    this.#tell(survey.unusable)
    const offers = survey.offered.map(({ definition, tool, claim }) => ({
      at,
      definition,
      driver: this.#driver(tool, canonicalJson({ definition, digest: claim.digest })),
      tool: claim,
    }))
    return { offers, withheld: survey.withheld, faults: survey.faults }
  }

  adopt(item: ConfiguredItem): void {
    if (item.kind !== 'mcp') return
    for (const { name, ...tool } of this.#listed?.tools ?? []) {
      if (!Object.hasOwn(item.classified, name) || this.#first.has(name)) continue
      this.#first.set(name, digestOfTool({ name, ...tool }))
    }
    for (const name of this.#first.keys()) if (!Object.hasOwn(item.classified, name)) this.#first.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]()
  }

  #driver(tool: Tool, made: string): Driver {
    const known = this.#drivers.get(tool.name)
    if (known?.made === made) return known.driver
    const confirm = (asked: Tool, server: McpServerView) => this.#confirm(asked, server)
    const driver = mcpDriver({ backend: this.#backend, tool, confirm })
    this.#drivers.set(tool.name, { made, driver })
    return driver
  }

  async #confirm(tool: Tool, server: McpServerView): Promise<void> {
    if (this.#listed?.revision !== server.revision) {
      this.#listed = await server.list()
      this.#components.changed()
    }
    const now = this.#listed.tools.filter(({ name }) => name === tool.name)
    const [only] = now
    if (now.length === 1 && only !== undefined && digestOfTool(only) === digestOfTool(tool)) return
    const reason = `the MCP server describes ${tool.name} differently than when it was classified`
    throw new DriverError({ code: 'backend_failed', began: false, reason })
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
