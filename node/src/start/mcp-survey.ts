/**
 * What an MCP server lists beside what an operator has said of it: which tools are offered, which are withheld and why,
 * and what cannot be used at all. Pure.
 *
 * A class belongs to what was looked at when it was given. A tool that is something else now, that is listed twice, or
 * that is gone, is suspended; one that nobody has classified is unclassified. Neither is advertised or called.
 */
import type { CapabilityId } from '@hansa/protocols'
import type { Tool } from '@modelcontextprotocol/client'
import type { ClassifiedTool } from '../config/index.ts'
import { digestOfTool, type McpCapability, mcpCapabilities } from '../drivers/index.ts'
import type { ToolClaim, WithheldCapability } from '../kernel/configured-capabilities.ts'

export type McpSurveyInit = {
  at: string
  prefix: CapabilityId
  classified: Readonly<Record<string, ClassifiedTool>>
  /** Digests, by name, of what was listed first, for classes that name none. */
  first: ReadonlyMap<string, string>
}

export type SurveyedTool = McpCapability & { claim: ToolClaim }

export type McpSurvey = {
  offered: SurveyedTool[]
  withheld: WithheldCapability[]
  /** About names in the configuration, one sentence each. */
  faults: string[]
  /** Tools that nobody has classified and that cannot be shown under any id; one sentence each. */
  unusable: string[]
}

export function surveyMcp(tools: readonly Tool[], init: McpSurveyInit): McpSurvey {
  const { at, prefix, classified } = init
  const classes = Object.fromEntries(
    Object.entries(classified).map(([name, { digest: _digest, ...classification }]) => [name, classification]),
  )
  const { capabilities, faults } = mcpCapabilities(tools, { prefix, capabilities: classes })
  const survey: McpSurvey = { offered: [], withheld: [], faults: [], unusable: [] }
  for (const capability of capabilities) place(capability, tools, init, survey)
  for (const { name, reason } of faults) {
    const sentence = `${at}: what the MCP server calls ${name} ${reason}.`
    if (!Object.hasOwn(classified, name)) survey.unusable.push(sentence)
    else if (reason.includes('not listed') && pinnedDigest(name, init) !== undefined) placeGone(name, init, survey)
    else if (!reason.includes('twice')) survey.faults.push(sentence)
  }
  return survey
}

function place(capability: McpCapability, tools: readonly Tool[], init: McpSurveyInit, survey: McpSurvey): void {
  const { tool, definition } = capability
  const { at, prefix, classified } = init
  const said = Object.hasOwn(classified, tool.name) ? classified[tool.name] : undefined
  const pinned = pinnedDigest(tool.name, init)
  const digest = digestOfTool(tool)
  const claim: ToolClaim = {
    server: prefix,
    name: tool.name,
    digest,
    ...(said?.digest === undefined ? {} : { pinned: said.digest }),
    ...(tool.annotations === undefined ? {} : { annotations: tool.annotations }),
  }
  const withhold = (state: WithheldCapability['state'], reason: string) =>
    survey.withheld.push({ at, state, reason, definition, tool: claim })
  const remedy = `hansa capability classify ${definition.id} --safety READ|WRITE|DESTRUCTIVE`
  if (tools.filter(({ name }) => name === tool.name).length > 1)
    withhold('suspended', 'the MCP server lists two tools of this name, so nobody can tell which one would be called')
  else if (said === undefined) withhold('unclassified', `nobody has classified it; look at it, then: ${remedy}`)
  else if (pinned !== undefined && pinned !== digest)
    withhold(
      'suspended',
      `the MCP server describes it differently than when it was classified; look at it, then: ${remedy}`,
    )
  else survey.offered.push({ ...capability, claim })
}

function pinnedDigest(name: string, { classified, first }: McpSurveyInit): string | undefined {
  return (Object.hasOwn(classified, name) ? classified[name]?.digest : undefined) ?? first.get(name)
}

/** Its class was given for something that the server no longer has, under this name at least. */
function placeGone(name: string, init: McpSurveyInit, survey: McpSurvey): void {
  const { at, prefix, classified } = init
  const { digest: _digest, ...classification } = classified[name] ?? {}
  const digest = pinnedDigest(name, init) ?? ''
  const stand = { name, inputSchema: { type: 'object' as const } }
  const [made] = mcpCapabilities([stand], { prefix, capabilities: { [name]: classification } }).capabilities
  if (made === undefined) return
  const reason = `the MCP server no longer lists it; take it out of ${at} when it is not coming back`
  const claim = { server: prefix, name, digest, pinned: digest }
  survey.withheld.push({ at, state: 'suspended', reason, definition: made.definition, tool: claim })
}
