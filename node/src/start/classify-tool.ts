/**
 * Gives a tool of an MCP server its class: into the configuration, into force, into the log. The class is pinned to the
 * tool as it is listed, so it ends with the next change of the tool.
 */
import type { CapabilityDetail, Classify, Clock } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { classifyTool, type ToolClass } from '../config/edit-config.ts'
import type { Environment } from '../config/index.ts'
import { changeConfig } from '../config/index.ts'
import type { ToolClaim } from '../kernel/configured-capabilities.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
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
  const use = async () => {
    const reloaded = await reloader.reload()
    if (!reloaded.ok) throw refused(`the node cannot take it in: ${reloaded.faults.join('; ')}`)
    if (kernel.configured.find(capability) === undefined) {
      const reason = kernel.configured.reasonOf(capability) ?? 'the MCP server no longer lists it'
      throw refused(`${capability} was not classified: ${reason}`)
    }
    await kernel.recordClassification({ capability, by, digest: tool.digest, note: noteOf(said) })
  }
  try {
    const edit = classifyTool(tool.server, tool.name, said)
    await changeConfig({ path: configPath, environment, edit, clock, use })
  } catch (error) {
    // The file is as it was before; so is what is offered, once it was read again.
    await reloader.reload()
    if (error instanceof CallError || !(error instanceof Error)) throw error
    throw refused(error.message)
  }
  return kernel.capability(capability)
}

function toolOf({ capability, digest }: Classify, kernel: AssembledKernel): ToolClaim {
  const withheld = kernel.configured.withheld(capability)
  const configured = kernel.configured.find(capability)
  const tool = withheld?.tool ?? configured?.tool
  if (tool === undefined) {
    if (configured !== undefined) throw refused(`${capability} has its class where it is configured: ${configured.at}`)
    const message = `not_found: No MCP server of this node lists ${capability}. See: hansa capability list`
    throw new CallError({ code: 'not_found' }, message)
  }
  const twice = withheld?.reason.includes('two tools') === true
  if (twice) throw refused(`${capability} cannot be classified: ${withheld.reason}`)
  if (digest !== undefined && digest !== tool.digest)
    throw refused(
      `${capability} is not what was looked at any more; look again with: hansa capability show ${capability}`,
    )
  return tool
}

function noteOf({ safety, sensitivity, obligations }: ToolClass): string {
  const labels = sensitivity === undefined ? '' : `; sensitivity ${sensitivity.join(', ') || 'none'}`
  const duties = obligations === undefined ? '' : `; obligations ${obligations.join(', ') || 'none'}`
  return `${safety}${labels}${duties}`.slice(0, 512)
}

function refused(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}${what.endsWith('.') ? '' : '.'}`)
}
