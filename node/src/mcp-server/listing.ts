/** What is open to a caller, under the names that its MCP client sees. */
import { parseCapabilityRef } from '@hansa/protocols'
import { scopeCovers } from '@hansa/trust'
import { mcpNameOfSegment, segmentOfMcpName } from '../drivers/mcp-name.ts'
import type { OpenCapability } from '../kernel/open-capabilities.ts'
import { hashedName, refOfName, toolNameOf } from './tool-name.ts'

export type ListingSettings = {
  /** Patterns of references, as in the rules. @default all */
  capabilities?: readonly string[]
  /** Prefix of an MCP server whose tools, prompts and resources keep the names that it gives them. @default none */
  primary?: string
}

export type Listed = OpenCapability & { name: string }

/** By name, and resources by reference; in code point order. */
export type Listing = {
  /** Tasks of agents are tools too. */
  tools: ReadonlyMap<string, Listed>
  prompts: ReadonlyMap<string, Listed>
  resources: ReadonlyMap<string, Listed>
}

export function listingOf(open: readonly OpenCapability[], settings: ListingSettings): Listing {
  const shown = open.filter(({ info }) => isServed(info.ref, settings))
  const of = (...kinds: string[]) => shown.filter(({ descriptor }) => kinds.includes(descriptor.kind ?? 'tool'))
  return {
    tools: named(of('tool', 'task'), settings, '.'),
    prompts: named(of('prompt'), settings, '.prompts.'),
    resources: sorted(of('resource').map((one) => [one.info.ref, { ...one, name: one.info.ref }])),
  }
}

/** What a tool would be whose name is not listed, so that the log has who tried to call it. */
export function unlistedTool(name: string, { tools, prompts, resources }: Listing, settings: ListingSettings) {
  const segment = settings.primary === undefined ? undefined : segmentOfMcpName(name)
  const ref = refOfName(name) ?? (segment === undefined ? undefined : `${settings.primary}.${segment}`)
  if (ref === undefined || parseCapabilityRef(ref) === undefined || !isServed(ref, settings)) return undefined
  const listed = [...tools.values(), ...prompts.values(), ...resources.values()]
  return listed.some(({ info }) => info.ref === ref) ? undefined : ref
}

/** The prefix of the server that a capability belongs to. */
export function prefixOf(ref: string, between: '.' | '.prompts.' | '.mcp.'): string | undefined {
  const at = ref.lastIndexOf(between)
  return at > 0 && !ref.slice(at + between.length).includes('.') ? ref.slice(0, at) : undefined
}

function isServed(ref: string, { capabilities }: ListingSettings): boolean {
  return capabilities === undefined || scopeCovers(capabilities, ref)
}

function named(
  open: readonly OpenCapability[],
  settings: ListingSettings,
  between: '.' | '.prompts.',
): Map<string, Listed> {
  const first = new Map<string, OpenCapability>()
  const others: OpenCapability[] = []
  for (const one of open) {
    const name = ownName(one.info.ref, settings, between)
    if (name === undefined) others.push(one)
    else first.set(name, one)
  }
  const names = others.map((one): [string, OpenCapability] => {
    const name = toolNameOf(one.info.ref)
    return [first.has(name) ? hashedName(one.info.ref) : name, one]
  })
  return sorted([...first, ...names].map(([name, one]) => [name, { ...one, name }]))
}

/** What the server that was put first calls it. */
function ownName(ref: string, { primary }: ListingSettings, between: '.' | '.prompts.'): string | undefined {
  if (primary === undefined || prefixOf(ref, between) !== primary) return undefined
  return mcpNameOfSegment(ref.slice(primary.length + between.length))
}

function sorted(entries: [string, Listed][]): Map<string, Listed> {
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
