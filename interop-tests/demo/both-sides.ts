/** What each side did about one call and why, read from its own log. */
import type { Entry, EntryType, Verdict } from '@hansa/protocols'
import type { Organisation } from './report.ts'
import type { Scene } from './scene.ts'

export type SideView = {
  did: 'permits' | 'refuses' | 'asks' | 'not asked'
  /** The rules that decided, or the reason where there is none. */
  why: string
  rules: string[]
  verdicts: Verdict[]
  /** Sequence numbers of its entries. */
  entries: number[]
}

const BEGINS: ReadonlySet<EntryType> = new Set<EntryType>(['call.begun', 'intent.sent', 'intent.accepted'])
const OUTCOMES: ReadonlySet<EntryType> = new Set<EntryType>(['outcome', 'receipt.received'])

export async function bothSides(scene: Scene, callId: string): Promise<Record<Organisation, SideView>> {
  const [orga, orgb] = await Promise.all(
    [scene.orga, scene.orgb].map(async ({ client }) => viewOf(await client.operator.audit({ callId }))),
  )
  if (orga === undefined || orgb === undefined) throw new TypeError('two logs were asked')
  return { orga, orgb }
}

/** Tells what each side decided, the one that asks first. */
export async function tellBothSides(scene: Scene, callId: string): Promise<Record<Organisation, SideView>> {
  const sides = await bothSides(scene, callId)
  for (const who of ['orga', 'orgb'] as const) scene.story.side(who, sides[who].did, sides[who].why)
  return sides
}

function viewOf(entries: readonly Entry[]): SideView {
  const begun = entries.find(({ type }) => BEGINS.has(type))
  const outcome = entries.find(({ type }) => OUTCOMES.has(type))
  const decided = begun ?? outcome
  const rules = decided?.rules ?? []
  const reason = decided?.ext?.reason
  return {
    did: decided === undefined ? 'not asked' : begun !== undefined ? 'permits' : refusal(outcome),
    why: whyOf(rules, reason, decided),
    rules,
    verdicts: entries.flatMap(({ verdicts = [] }) => verdicts),
    entries: entries.map(({ seq }) => seq),
  }
}

function refusal(outcome: Entry | undefined): SideView['did'] {
  return outcome?.decision === 'approval' ? 'asks' : 'refuses'
}

function whyOf(rules: readonly string[], reason: string | undefined, decided: Entry | undefined): string {
  if (decided === undefined) return 'nothing was sent; its log holds nothing of this call'
  if (rules.length > 0) return `rule ${rules.join(', ')}`
  if (reason !== undefined) return reason
  return decided.ext?.trust_policy === 'remote_deferred' ? 'no rule of its own speaks, so the peer decides' : 'no rule'
}
