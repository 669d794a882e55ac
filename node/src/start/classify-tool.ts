/**
 * Gives a tool, a prompt or the resources of an MCP server its class: into the configuration, into force, into the log. The class is
 * pinned to it as it is listed, so it ends with its next change.
 *
 * The configuration is a file, so the entry waits in the store while the file changes; whether it did is seen at the next
 * start when the process ends in between.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CapabilityDetail, Classify, Clock } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { classifyTool, type ToolClass } from '../config/edit-config.ts'
import type { ClassifiedTool, Environment, NodeConfig } from '../config/index.ts'
import { changeConfig } from '../config/index.ts'
import type { ToolClaim } from '../kernel/configured-capabilities.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { classOf } from './mcp-survey.ts'
import type { NodeReloader } from './node-reload.ts'

export type ClassifyComponents = {
  configPath: string
  environment: Environment
  kernel: AssembledKernel
  reloader: NodeReloader
  clock: Clock
}

/** @throws CallError `not_found`, or `invalid_request` with what to do; nothing has changed then. */
export async function classify(init: Classify, components: ClassifyComponents): Promise<CapabilityDetail> {
  const { capability, safety, sensitivity, obligations, by } = init
  const { kernel, reloader, configPath, environment, clock } = components
  const tool = toolOf(init, kernel)
  const said: ToolClass = {
    safety,
    ...(sensitivity === undefined ? {} : { sensitivity }),
    ...(obligations === undefined ? {} : { obligations }),
    digest: tool.digest,
  }
  const ext = { hash: tool.digest, note: noteOf(said, tool) }
  const { server, kind, name } = tool
  const about: AboutClass = { server, kind, name, capability, said }
  const draft = { type: 'capability.classified', actor: by, cap: capability, ext } as const
  const held = await kernel.events.hold(draft, JSON.stringify(about))
  const use = async () => {
    const reloaded = await reloader.reload()
    if (!reloaded.ok) throw refused(`the node cannot take it in: ${reloaded.faults.join('; ')}`)
    if (kernel.configured.find(capability) === undefined) {
      const reason = kernel.configured.reasonOf(capability) ?? 'it is no longer listed'
      throw refused(`${capability} was not classified: ${reason}`)
    }
    await held.record(await descriptorHash(kernel, capability))
  }
  try {
    const edit = classifyTool({ prefix: server, kind, name }, said)
    await changeConfig({ path: configPath, environment, edit, clock, use })
  } catch (error) {
    await held.drop()
    // The file is as it was before; so is what is offered, once it was read again.
    await reloader.reload()
    if (error instanceof CallError || !(error instanceof Error)) throw error
    throw refused(error.message)
  }
  return kernel.capability(capability)
}

/** What was about to be said of what. Entries that were held before there were kinds name none: they are of tools. */
type AboutClass = { server: string; kind?: ToolClaim['kind']; name: string; capability: string; said: ToolClass }

/** Looks in the configuration, which the kernel offers by now, whether classes that were on their way are there. */
export async function settleClassifications(
  config: Pick<NodeConfig, 'capabilities'>,
  kernel: AssembledKernel,
): Promise<void> {
  await kernel.events.settle(async (text) => {
    const { server, kind = 'tool', name, capability, said } = JSON.parse(text) as AboutClass
    const found = classIn(config, { server, kind, name })
    return found !== undefined && isSaid(found, said) ? descriptorHash(kernel, capability) : undefined
  })
}

function classIn(
  { capabilities }: Pick<NodeConfig, 'capabilities'>,
  { server, kind, name }: Pick<ToolClaim, 'server' | 'kind' | 'name'>,
): ClassifiedTool | undefined {
  for (const item of capabilities) {
    if (kind === 'skill' && item.kind === 'a2a' && item.prefix === server)
      return Object.hasOwn(item.classified, name) ? item.classified[name] : undefined
    if (kind !== 'skill' && item.kind === 'mcp' && item.prefix === server)
      return classOf(item.classified, { kind, name })
  }
  return undefined
}

function isSaid(found: ClassifiedTool, { digest, safety, sensitivity, obligations }: ToolClass): boolean {
  const same = (a: readonly string[] | undefined, b: readonly string[] | undefined) =>
    b === undefined || isDeepStrictEqual([...(a ?? [])].sort(), [...b].sort())
  return (
    found.digest === digest &&
    found.safety === safety &&
    same(found.sensitivity, sensitivity) &&
    same(found.obligations, obligations)
  )
}

/** Nothing while its server is away. */
async function descriptorHash(kernel: AssembledKernel, capability: string): Promise<{ cap_hash?: string }> {
  const detail = await kernel.capability(capability).catch(() => undefined)
  return detail === undefined ? {} : { cap_hash: detail.hash }
}

function toolOf({ capability, digest }: Classify, kernel: AssembledKernel): ToolClaim {
  const withheld = kernel.configured.withheld(capability)
  const configured = kernel.configured.find(capability)
  const tool = withheld?.tool ?? configured?.tool
  if (tool === undefined) {
    if (configured !== undefined) throw refused(`${capability} has its class where it is configured: ${configured.at}`)
    const message = `not_found: No MCP server and no agent of this node lists ${capability}. See: hansa capability list`
    throw new CallError({ code: 'not_found' }, message)
  }
  const twice = withheld?.reason.includes('nobody can tell which one') === true
  if (twice) throw refused(`${capability} cannot be classified: ${withheld.reason}`)
  if (digest !== undefined && digest !== tool.digest)
    throw refused(
      `${capability} is not what was looked at any more; look again with: hansa capability show ${capability}`,
    )
  return tool
}

/** An agent that is no kernel decides nothing, signs no receipt and keeps no log: the entry says so. */
function noteOf({ safety, sensitivity, obligations }: ToolClass, { kind }: ToolClaim): string {
  const served = kind === 'skill' ? '; by an agent that is no kernel, local_only' : ''
  const labels = sensitivity === undefined ? '' : `; sensitivity ${sensitivity.join(', ') || 'none'}`
  const duties = obligations === undefined ? '' : `; obligations ${obligations.join(', ') || 'none'}`
  return `${safety}${labels}${duties}${served}`.slice(0, 512)
}

function refused(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}${what.endsWith('.') ? '' : '.'}`)
}
