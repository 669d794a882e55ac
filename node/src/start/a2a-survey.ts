/**
 * The skills of an agent beside what an operator has said of them: what is offered, what is withheld and why. Pure.
 *
 * An agent that is no kernel has no policy of its own that it would answer for here, no receipt and no log: only this
 * kernel decides (as under `local_only`), what it may do at most is less, and a class holds for the skill, the interface
 * and the schemes that were looked at. Whoever has not signed the card is held to that alone.
 */
import {
  type AgentCard,
  type AgentInterface,
  type AgentSkill,
  type CapabilityDefinition,
  type CapabilityId,
  capabilityIdSchema,
  type Obligation,
  taskArgumentsSchema,
} from '@hansa/protocols'
import { canonicalJson, taggedHash } from '@hansa/trust'
import { z } from 'zod'
import type { ClassifiedTool } from '../config/index.ts'
import { segmentOfMcpName } from '../drivers/mcp-name.ts'
import { type Detectors, screenDescription } from '../firewall/index.ts'
import type { ToolClaim, WithheldCapability } from '../kernel/configured-capabilities.ts'

export type A2aSurveyInit = {
  at: string
  prefix: CapabilityId
  classified: Readonly<Record<string, ClassifiedTool>>
  /** Whether a key that the operator has named has signed the card. */
  signed: boolean
  detectors: Detectors
}

export type SurveyedSkill = { definition: CapabilityDefinition; claim: ToolClaim }

export type A2aSurvey = {
  offered: SurveyedSkill[]
  withheld: WithheldCapability[]
  /** Skills that cannot be shown under any id; one sentence each. */
  unusable: string[]
}

const INPUT = JSON.stringify(z.toJSONSchema(taskArgumentsSchema))
const MAX_TITLE = 256
const MAX_DESCRIPTION = 4096

/** @param at the interface that is used @returns what an operator looks at, as one hash */
export function digestOfSkill(card: AgentCard, at: AgentInterface, skill: AgentSkill): string {
  const { name, provider, securitySchemes, securityRequirements } = card
  const looked = { name, provider, securitySchemes, securityRequirements, interface: at, skill }
  return taggedHash('a2a-skill', Buffer.from(canonicalJson(JSON.parse(JSON.stringify(looked)))))
}

export function surveySkills(card: AgentCard, at: AgentInterface, init: A2aSurveyInit): A2aSurvey {
  const survey: A2aSurvey = { offered: [], withheld: [], unusable: [] }
  const ids = card.skills.map(({ id }) => id)
  for (const skill of card.skills) {
    const definition = definitionOf(skill, init)
    if (definition === undefined)
      survey.unusable.push(`${init.at}: the skill ${JSON.stringify(skill.id)} has an id that fits no capability.`)
    else place(skill, definition, claimOf(card, at, skill, init), ids, init, survey)
  }
  for (const name of Object.keys(init.classified)) if (!ids.includes(name)) placeGone(name, 'gone', init, survey)
  return survey
}

/** @param why the card could not be had or believed: what is classified is shown, and not called */
export function surveyWithoutCard(why: string, init: A2aSurveyInit): A2aSurvey {
  const survey: A2aSurvey = { offered: [], withheld: [], unusable: [] }
  for (const name of Object.keys(init.classified)) placeGone(name, why, init, survey)
  return survey
}

function place(
  { id }: AgentSkill,
  definition: CapabilityDefinition,
  claim: ToolClaim,
  ids: readonly string[],
  { at, classified, signed }: A2aSurveyInit,
  survey: A2aSurvey,
): void {
  const said = classOf(classified, id)
  const withhold = (state: WithheldCapability['state'], reason: string) =>
    survey.withheld.push({ at, state, reason, definition, tool: claim })
  const remedy = `hansa capability classify ${definition.id} --safety READ|WRITE|DESTRUCTIVE`
  if (ids.filter((other) => other === id).length > 1)
    withhold('suspended', 'the card names two skills of this id, so nobody can tell which one would be called')
  else if (said === undefined) withhold('unclassified', `nobody has classified it; look at it, then: ${remedy}`)
  else if (said.digest === undefined && !signed)
    withhold('suspended', `nobody whom you know has signed the card, so its class has to be pinned to it: ${remedy}`)
  else if (said.digest !== undefined && said.digest !== claim.digest)
    withhold('suspended', `the agent describes it differently than when it was classified; look at it, then: ${remedy}`)
  else survey.offered.push({ definition, claim })
}

function definitionOf(skill: AgentSkill, { prefix, classified, detectors }: A2aSurveyInit) {
  const segment = segmentOfMcpName(skill.id)
  const id = `${prefix}.${segment}`
  if (segment === undefined || !capabilityIdSchema.safeParse(id).success) return undefined
  const screened = (text: string, max: number) => screenDescription(text, detectors).text.slice(0, max).toWellFormed()
  const { digest: _digest, ...said } = classOf(classified, skill.id) ?? {}
  const definition: CapabilityDefinition = {
    title: screened(skill.name, MAX_TITLE),
    description: screened(skill.description, MAX_DESCRIPTION),
    ...said,
    obligations: withCeiling(said),
    kind: 'task',
    id,
    input: INPUT,
  }
  return definition
}

/** What destroys takes a person, whatever the rules say: there is nobody on the other side who would answer for it. */
function withCeiling({ safety = 'DESTRUCTIVE', obligations = [] }: Omit<ClassifiedTool, 'digest'>): Obligation[] {
  return safety === 'DESTRUCTIVE' ? [...new Set([...obligations, 'human_approval'])] : [...obligations]
}

function claimOf(card: AgentCard, at: AgentInterface, skill: AgentSkill, init: A2aSurveyInit): ToolClaim {
  const said = classOf(init.classified, skill.id)
  const { name, description, tags, examples = [] } = skill
  const texts = [name, description, ...tags, ...examples]
  const found = [...new Set(texts.flatMap((text) => screenDescription(text, init.detectors).rules))].sort()
  return {
    server: init.prefix,
    kind: 'skill',
    name: skill.id,
    digest: digestOfSkill(card, at, skill),
    ...(said?.digest === undefined ? {} : { pinned: said.digest }),
    annotations: { agent: card.name, interface: at.url, signed: init.signed, tags },
    ...(found.length === 0 ? {} : { found }),
  }
}

function placeGone(name: string, why: string, init: A2aSurveyInit, survey: A2aSurvey): void {
  const { at, prefix, classified } = init
  const definition = definitionOf({ id: name, name, description: '', tags: [] }, init)
  if (definition === undefined) return
  const digest = classOf(classified, name)?.digest ?? ''
  const reason = why === 'gone' ? `the agent no longer names it; take it out of ${at} when it is not coming back` : why
  const claim: ToolClaim = { server: prefix, kind: 'skill', name, digest, pinned: digest }
  survey.withheld.push({ at, state: 'suspended', reason, definition, tool: claim })
}

function classOf(classified: A2aSurveyInit['classified'], name: string): ClassifiedTool | undefined {
  return Object.hasOwn(classified, name) ? classified[name] : undefined
}
