/** Items of the configuration that offer the same for as long as they are configured: HTTP requests and modules. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { CapabilityDefinition, CapabilityHandler } from '@hansa/protocols'
import { canonicalJson } from '@hansa/trust'
import { z } from 'zod'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import { DriverError, functionDriver, httpDriver } from '../drivers/index.ts'
import { type CapabilitySource, noOffers, type Offers, type SourceComponents } from './capability-source.ts'

type Http = Extract<ConfiguredItem, { kind: 'http' }>
type Module = Extract<ConfiguredItem, { kind: 'module' }>

export function keyOfHttp({ definition, operation }: Http): string {
  return `http ${canonicalJson(JSON.parse(JSON.stringify({ definition, operation })))}`
}

/** What is in the file counts: a module that was edited is another one. */
export async function keyOfModule({ path }: Module): Promise<string> {
  return `module ${path} ${await digestOf(path)}`
}

export function httpSource(item: Http, { dispatcher }: SourceComponents): CapabilitySource {
  return fixedSource(keyOfHttp(item), () => {
    const { at, definition, operation } = item
    try {
      const driver = httpDriver({ operation, structured: definition.output !== undefined })({ dispatcher })
      return { offers: [{ at, definition, driver }], withheld: [], faults: [] }
    } catch (error) {
      if (!(error instanceof DriverError)) throw error
      return noOffers(`${at}: the request of ${definition.id} cannot be made: ${error.detail.reason}`)
    }
  })
}

/** @param loaded digests of modules that this process has loaded, by path: one that was edited since is loaded again. */
export function moduleSource(item: Module, key: string, loaded: Map<string, string>): CapabilitySource {
  return fixedSource(key, () => moduleOffers(item, loaded))
}

function fixedSource(key: string, make: () => Offers | Promise<Offers>): CapabilitySource {
  let made: Promise<Offers> | undefined
  return {
    key,
    async offersOf({ at }) {
      made ??= Promise.resolve(make())
      const { offers, withheld, faults } = await made
      return { offers: offers.map((offer) => ({ ...offer, at })), withheld, faults }
    },
    adopt() {},
    async [Symbol.asyncDispose]() {},
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

async function moduleOffers({ at, path }: Module, known: Map<string, string>): Promise<Offers> {
  const loaded: unknown = await load(path, known).catch((error: unknown) => ({ error }))
  if (isFailure(loaded)) return noOffers(`${at}: the module ${path} cannot be loaded: ${textOf(loaded.error)}`)
  const parsed = moduleSchema.safeParse(loaded)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    return noOffers(
      `${at}: the module ${path} has to export \`capabilities\`, a list of { definition, handler }: ${faults.join('; ')}`,
    )
  }
  const offers = parsed.data.capabilities.map(({ definition, handler }) => ({
    at,
    // The kernel checks every member when it registers it.
    definition: definition as CapabilityDefinition,
    driver: functionDriver({ handler, structured: definition.output !== undefined }),
  }))
  return { offers, withheld: [], faults: [] }
}

/** A module is loaded once under one URL, so a file that was edited since gets another one. */
async function load(path: string, known: Map<string, string>): Promise<unknown> {
  const { href } = pathToFileURL(path)
  const digest = await digestOf(path)
  const first = known.get(href) ?? digest
  known.set(href, first)
  return import(first === digest ? href : `${href}?content=${digest}`)
}

async function digestOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  return createHash('sha256').update(bytes).digest('base64url')
}

function isFailure(loaded: unknown): loaded is { error: unknown } {
  // A module is never a plain object.
  return Object.getPrototypeOf(loaded) === Object.prototype
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
