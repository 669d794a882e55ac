/**
 * Turns configured capabilities into definitions with drivers: asks MCP servers what they have, imports modules, checks
 * requests. Everything that fails is collected, so that an operator learns of all of it at once.
 */
import { pathToFileURL } from 'node:url'
import type { CapabilityDefinition, CapabilityHandler, Clock, Logger } from '@hansa/protocols'
import type { Dispatcher } from 'undici'
import { z } from 'zod'
import type { ConfiguredCapability } from '../config/index.ts'
import {
  type Driver,
  DriverError,
  functionDriver,
  httpDriver,
  mcpBackend,
  mcpCapabilities,
  mcpDriver,
} from '../drivers/index.ts'

/** One capability, ready to be registered; `at` is where it is configured. */
export type Offer = { at: string; definition: CapabilityDefinition; driver: Driver }
export type Offers = { offers: Offer[]; faults: string[] }

export type OffersComponents = {
  clock: Clock
  logger: Logger
  /** Reaches what the operator configured, wherever that is. */
  dispatcher: Dispatcher
  /** Takes what has to be closed at the end of the node. */
  resources: AsyncDisposableStack
}

export async function prepareOffers(
  configured: readonly ConfiguredCapability[],
  components: OffersComponents,
): Promise<Offers> {
  const prepared = await Promise.all(configured.map((capability) => prepare(capability, components)))
  return { offers: prepared.flatMap(({ offers }) => offers), faults: prepared.flatMap(({ faults }) => faults) }
}

function prepare(configured: ConfiguredCapability, components: OffersComponents): Promise<Offers> {
  switch (configured.kind) {
    case 'mcp':
      return mcpOffers(configured, components)
    case 'http':
      return httpOffers(configured, components)
    case 'module':
      return moduleOffers(configured)
  }
}

type Configured<K extends ConfiguredCapability['kind']> = Extract<ConfiguredCapability, { kind: K }>

async function mcpOffers(configured: Configured<'mcp'>, components: OffersComponents): Promise<Offers> {
  const { at, prefix, connection, classified } = configured
  const backend = components.resources.use(mcpBackend({ name: prefix, connection })(components))
  try {
    const only = Object.keys(classified)
    const listing = mcpCapabilities(await backend.list(), { prefix, only, capabilities: classified })
    return {
      offers: listing.capabilities.map(({ definition, tool }) => ({
        at,
        definition,
        driver: mcpDriver({ backend, tool }),
      })),
      faults: listing.faults.map(({ name, reason }) => `${at}: what the MCP server calls ${name} ${reason}.`),
    }
  } catch (error) {
    const what = connection.kind === 'stdio' ? `${connection.command}` : connection.url
    return failed(`${at}: the MCP server ${what} does not answer: ${driverReason(error)}`)
  }
}

async function httpOffers(
  { at, definition, operation }: Configured<'http'>,
  components: OffersComponents,
): Promise<Offers> {
  try {
    const driver = httpDriver({ operation, structured: definition.output !== undefined })(components)
    return { offers: [{ at, definition, driver }], faults: [] }
  } catch (error) {
    return failed(`${at}: the request of ${definition.id} cannot be made: ${driverReason(error)}`)
  }
}

const moduleSchema = z.object({
  capabilities: z.array(
    z.object({
      definition: z.looseObject({ id: z.string() }),
      handler: z.custom<CapabilityHandler>((value) => typeof value === 'function', 'is not a function'),
    }),
  ),
})

async function moduleOffers({ at, path }: Configured<'module'>): Promise<Offers> {
  const loaded: unknown = await import(pathToFileURL(path).href).catch((error: unknown) => ({ error }))
  if (isFailure(loaded)) return failed(`${at}: the module ${path} cannot be loaded: ${textOf(loaded.error)}`)
  const parsed = moduleSchema.safeParse(loaded)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    return failed(
      `${at}: the module ${path} has to export \`capabilities\`, a list of { definition, handler }: ${faults.join('; ')}`,
    )
  }
  const offers = parsed.data.capabilities.map(({ definition, handler }) => ({
    at,
    // The kernel checks every member when it registers it.
    definition: definition as CapabilityDefinition,
    driver: functionDriver({ handler, structured: definition.output !== undefined }),
  }))
  return { offers, faults: [] }
}

function isFailure(loaded: unknown): loaded is { error: unknown } {
  // A module is never a plain object.
  return Object.getPrototypeOf(loaded) === Object.prototype
}

function failed(fault: string): Offers {
  return { offers: [], faults: [fault] }
}

function driverReason(error: unknown): string {
  if (!(error instanceof DriverError)) throw error
  return error.detail.reason
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
