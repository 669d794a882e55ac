/** resources/list, resources/templates/list, resources/read and completion/complete, as calls of capabilities that hold resources. */
import { CallError, type Frame, mcpResourceOfContent, type ResourceArguments } from '@hansa/protocols'
import { isSpecType, ProtocolErrorCode, ResourceNotFoundError, type ServerContext } from '@modelcontextprotocol/server'
import { mcpNameOfSegment } from '../drivers/mcp-name.ts'
import type { Serving } from './kernel-server.ts'
import { type ListPlace, listCursorOf, listPlaceOf } from './list-cursor.ts'
import { type Listing, prefixOf } from './listing.ts'
import { ResourcePlaces, resourcesOf } from './resource-places.ts'
import { callMeta, contentOf, inputRequiredResult, protocolError } from './results.ts'
import { unknownCursor } from './tool-methods.ts'

export function serveResources(serving: Serving): void {
  const { server, calling, listings } = serving
  const places = new ResourcePlaces(serving.primary)
  server.setRequestHandler('resources/list', async ({ params }, context) => {
    const { items, ...more } = await gathered(serving, context, params?.cursor, resourcesIn)
    return {
      resources: items.map(({ ref, item }) => ({ ...item, uri: places.shown({ ref, uri: item.uri }) })),
      ...more,
    }
  })
  server.setRequestHandler('resources/templates/list', async ({ params }, context) => {
    const { items, ...more } = await gathered(serving, context, params?.cursor, templatesIn)
    const shown = items.map(({ ref, item }) => ({ ...item, uriTemplate: places.shown({ ref, uri: item.uriTemplate }) }))
    return { resourceTemplates: shown, ...more }
  })
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const place = places.find(uri, await listings.of(calling))
    if (place === undefined) throw new ResourceNotFoundError(uri)
    return readResource(serving, places, place, context)
  })
  server.setRequestHandler('completion/complete', async ({ params }, context) => {
    const asked = completionOf(params, await listings.of(calling), places)
    if (asked === undefined) return { completion: { values: [] } }
    const { completion } = await dataOf(serving, asked, context, completionIn)
    return { completion }
  })
}

async function readResource(
  { calls, calling, client }: Serving,
  places: ResourcePlaces,
  { ref, uri }: { ref: string; uri: string },
  context: ServerContext,
) {
  const args: ResourceArguments = { method: 'resources/read', uri }
  try {
    const outcome = await calls.call(calling, { ref, args, context, client: client() })
    if ('state' in outcome) return inputRequiredResult(outcome)
    const contents = mcpResourceOfContent(contentOf(outcome.frame), uri)
    return {
      contents: contents.map((held) => ({ ...held, uri: places.shown({ ref, uri: held.uri }) })),
      ...callMeta(outcome.frame),
    }
  } catch (error) {
    const failure = protocolError(error)
    // Not to be told from what is not to be seen.
    if (failure.code === ProtocolErrorCode.InvalidParams) throw new ResourceNotFoundError(places.shown({ ref, uri }))
    throw failure
  }
}

type Lists = {
  method: 'resources/list' | 'resources/templates/list'
  read(data: unknown): { items: unknown[]; nextCursor?: string | undefined } | undefined
}

const resourcesIn = {
  method: 'resources/list',
  read: (data: unknown) =>
    isSpecType.ListResourcesResult(data) ? { items: data.resources, nextCursor: data.nextCursor } : undefined,
} as const satisfies Lists

const templatesIn = {
  method: 'resources/templates/list',
  read: (data: unknown) =>
    isSpecType.ListResourceTemplatesResult(data)
      ? { items: data.resourceTemplates, nextCursor: data.nextCursor }
      : undefined,
} as const satisfies Lists

const completionIn = (data: unknown) => (isSpecType.CompleteResult(data) ? data : undefined)

type ItemOf<L extends Lists> = NonNullable<ReturnType<L['read']>>['items'][number]
type Gathered<L extends Lists> = { items: { ref: string; item: ItemOf<L> }[]; nextCursor?: string }

/** One page of one server at a time. A server that cannot be asked is passed over while there are others. */
async function gathered<L extends Lists>(
  serving: Serving,
  context: ServerContext,
  cursor: string | undefined,
  list: L,
): Promise<Gathered<L>> {
  const { resources } = await serving.listings.of(serving.calling)
  const refs = [...resources.keys()]
  const from = cursor === undefined ? undefined : (listPlaceOf(cursor) ?? unknownCursor())
  let failed: unknown
  for (let place = from ?? placeAt(refs, 0); place !== undefined; place = placeAt(refs, refs.indexOf(place.ref) + 1)) {
    const { ref, inner }: ListPlace = place
    if (!refs.includes(ref)) unknownCursor()
    const after = placeAt(refs, refs.indexOf(ref) + 1)
    try {
      const args: ResourceArguments = { method: list.method, ...(inner === undefined ? {} : { cursor: inner }) }
      const { items, nextCursor } = await dataOf(serving, { ref, args }, context, list.read)
      const next = nextCursor === undefined ? after : { ref, inner: nextCursor }
      if (items.length === 0 && next === after) continue
      return {
        items: items.map((item) => ({ ref, item: item as ItemOf<L> })),
        ...(next === undefined ? {} : { nextCursor: listCursorOf(next) }),
      }
    } catch (error) {
      if (refs.length === 1) throw error
      failed = error
    }
  }
  if (failed !== undefined && refs.length > 0 && from === undefined) serving.passedOver(failed)
  return { items: [] }
}

function placeAt(refs: readonly string[], at: number): ListPlace | undefined {
  const ref = refs[at]
  return ref === undefined ? undefined : { ref }
}

/** The one data part of what was answered, read. @throws ProtocolError */
async function dataOf<T>(
  { calls, calling, client }: Serving,
  { ref, args }: { ref: string; args: ResourceArguments },
  context: ServerContext,
  read: (data: unknown) => T | undefined,
): Promise<T> {
  let frame: Frame
  try {
    const outcome = await calls.call(calling, { ref, args, context, client: client() })
    if ('state' in outcome) throw new CallError({ code: 'unsupported' }, 'unsupported: a list asks for nothing')
    frame = outcome.frame
  } catch (error) {
    throw protocolError(error)
  }
  const [part] = contentOf(frame)
  const value = part?.type === 'data' ? read(part.data) : undefined
  if (value !== undefined) return value
  throw protocolError(new CallError({ code: 'remote_refused' }, 'remote_refused: The server answered something else.'))
}

type CompleteParams = {
  ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string }
  argument: { name: string; value: string }
  context?: { arguments?: Record<string, string> | undefined } | undefined
}

/** @returns undefined for a prompt or template of which nothing is known. */
function completionOf({ ref, argument, context }: CompleteParams, listing: Listing, places: ResourcePlaces) {
  const rest = {
    argument: { name: argument.name, value: argument.value },
    ...(context?.arguments === undefined ? {} : { context: { arguments: context.arguments } }),
  }
  const of = (held: string, what: Extract<ResourceArguments, { method: 'completion/complete' }>['ref']) =>
    listing.resources.has(held)
      ? { ref: held, args: { method: 'completion/complete' as const, ref: what, ...rest } }
      : undefined
  if (ref.type === 'ref/resource') {
    const place = places.find(ref.uri, listing)
    return place && of(place.ref, { type: 'ref/resource', uri: place.uri })
  }
  const prompt = listing.prompts.get(ref.name)?.info.ref
  const prefix = prompt && prefixOf(prompt, '.prompts.')
  const name = prompt && mcpNameOfSegment(prompt.slice(prompt.lastIndexOf('.') + 1))
  return prefix && name ? of(resourcesOf(prefix), { type: 'ref/prompt', name }) : undefined
}
