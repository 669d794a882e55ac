/**
 * What an MCP server lists beside what an operator has said of it: what is offered, what is withheld and why, and what
 * cannot be used at all. Pure.
 *
 * A class belongs to what was looked at when it was given. A tool, prompt or set of resources that is something else now,
 * that is listed twice, or that is gone, is suspended; one that nobody has classified is unclassified. Neither is
 * advertised or called. What the server says of it is screened before people and models read it, and what was found is
 * shown to whoever classifies.
 */
import type { CapabilityId } from '@hansa/protocols'
import type { ClassifiedTool } from '../config/index.ts'
import { digestOfMcp, type McpCapability, type McpClasses, type McpListed, mcpCapabilities } from '../drivers/index.ts'
import { type Detectors, screenDescription } from '../firewall/index.ts'
import type { ToolClaim, WithheldCapability } from '../kernel/configured-capabilities.ts'

export type McpSurveyInit = {
  at: string
  prefix: CapabilityId
  classified: McpClasses<ClassifiedTool>
  /** Digests of what was listed first, by `placeOf`, for classes that name none. */
  first: ReadonlyMap<string, string>
  detectors: Detectors
}

export type SurveyedCapability = McpCapability & { claim: ToolClaim }

export type McpSurvey = {
  offered: SurveyedCapability[]
  withheld: WithheldCapability[]
  /** About names in the configuration, one sentence each. */
  faults: string[]
  /** What nobody has classified and cannot be shown under any id; one sentence each. */
  unusable: string[]
}

type Place = Pick<McpListed, 'kind' | 'name'>

/** No tool has the place of a prompt of its name. */
export function placeOf({ kind, name }: Place): string {
  return `${kind} ${name}`
}

/** @returns what an operator has said of it, if anything. */
export function classOf(classified: McpClasses<ClassifiedTool>, { kind, name }: Place): ClassifiedTool | undefined {
  return Object.hasOwn(classified[kind], name) ? classified[kind][name] : undefined
}

export function surveyMcp(listed: readonly McpListed[], init: McpSurveyInit): McpSurvey {
  const { at, prefix, classified, detectors } = init
  const screen = (text: string) => screenDescription(text, detectors).text
  const { capabilities, faults } = mcpCapabilities(listed, { prefix, classes: withoutDigests(classified), screen })
  const survey: McpSurvey = { offered: [], withheld: [], faults: [], unusable: [] }
  for (const capability of capabilities) place(capability, listed, init, survey)
  for (const { reason, ...one } of faults) {
    const sentence = `${at}: what the MCP server calls ${one.name} ${reason}.`
    if (classOf(classified, one) === undefined) survey.unusable.push(sentence)
    else if (reason.includes('not listed') && pinnedDigest(one, init) !== undefined) placeGone(one, init, survey)
    else if (!reason.includes('twice')) survey.faults.push(sentence)
  }
  return survey
}

function place(capability: McpCapability, all: readonly McpListed[], init: McpSurveyInit, survey: McpSurvey): void {
  const { listed, definition } = capability
  const { at, classified } = init
  const said = classOf(classified, listed)
  const pinned = pinnedDigest(listed, init)
  const claim = claimOf(listed, said, init)
  const withhold = (state: WithheldCapability['state'], reason: string) =>
    survey.withheld.push({ at, state, reason, definition, tool: claim })
  const remedy = `hansa capability classify ${definition.id} --safety READ|WRITE|DESTRUCTIVE`
  if (all.filter((other) => placeOf(other) === placeOf(listed)).length > 1)
    withhold(
      'suspended',
      `the MCP server lists two ${listed.kind}s of this name, so nobody can tell which one would be called`,
    )
  else if (said === undefined) withhold('unclassified', `nobody has classified it; look at it, then: ${remedy}`)
  else if (pinned !== undefined && pinned !== claim.digest)
    withhold(
      'suspended',
      `the MCP server describes it differently than when it was classified; look at it, then: ${remedy}`,
    )
  else survey.offered.push({ ...capability, claim })
}

function claimOf(listed: McpListed, said: ClassifiedTool | undefined, { prefix, detectors }: McpSurveyInit): ToolClaim {
  const annotations = listed.kind === 'tool' ? listed.said.annotations : undefined
  const found = foundIn(listed.said, detectors)
  return {
    server: prefix,
    kind: listed.kind,
    name: listed.name,
    digest: digestOfMcp(listed),
    ...(said?.digest === undefined ? {} : { pinned: said.digest }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(found.length === 0 ? {} : { found }),
  }
}

/** Rules that fire on any text that a server says of it, in schemas too: a model reads all of it. */
function foundIn(said: unknown, detectors: Detectors): string[] {
  const rules = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value === 'string') for (const rule of screenDescription(value, detectors).rules) rules.add(rule)
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      look(name)
      look(member)
    }
  }
  look(said)
  return [...rules].sort()
}

function pinnedDigest(one: Place, { classified, first }: McpSurveyInit): string | undefined {
  return classOf(classified, one)?.digest ?? first.get(placeOf(one))
}

/** Its class was given for something that the server no longer has, under this name at least. */
function placeGone(one: Place, init: McpSurveyInit, survey: McpSurvey): void {
  const { at, prefix, classified } = init
  const digest = pinnedDigest(one, init) ?? ''
  const { tool, prompt, resource } = withoutDigests(classified)
  const only = (classes: McpClasses['tool'], kind: McpListed['kind']) => (kind === one.kind ? classes : {})
  const classes = { tool: only(tool, 'tool'), prompt: only(prompt, 'prompt'), resource: only(resource, 'resource') }
  const [made] = mcpCapabilities([standIn(one)], { prefix, classes }).capabilities
  if (made === undefined) return
  const reason = `the MCP server no longer lists it; take it out of ${at} when it is not coming back`
  const claim: ToolClaim = { server: prefix, ...one, digest, pinned: digest }
  survey.withheld.push({ at, state: 'suspended', reason, definition: made.definition, tool: claim })
}

function standIn({ kind, name }: Place): McpListed {
  if (kind === 'tool') return { kind, name, said: { name, inputSchema: { type: 'object' } } }
  if (kind === 'prompt') return { kind, name, said: { name } }
  const said = { templates: [], resources: true, subscribe: false, completions: false }
  return { kind, name: 'resources', said }
}

function withoutDigests({ tool, prompt, resource }: McpClasses<ClassifiedTool>): McpClasses {
  const plain = (classes: McpClasses<ClassifiedTool>['tool']): McpClasses['tool'] =>
    Object.fromEntries(Object.entries(classes).map(([name, { digest: _digest, ...said }]) => [name, said]))
  return { tool: plain(tool), prompt: plain(prompt), resource: plain(resource) }
}
