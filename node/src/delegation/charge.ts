/**
 * What a call takes of the limits of its chain: one call, the rows that it may return, and what the operator of the
 * capability says one call costs in tokens and money. A cost that nobody has said is not taken for nothing.
 */
import type { Charge, CostPerCall, DelegationLimits } from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import type { Granted, Target } from '../kernel/stages.ts'

type Limits = readonly { hash: string; lim: DelegationLimits }[]

/** @returns why the cost of this capability cannot be held against the limits. */
export function whyChargeUnknown(target: Target, limits: Limits): string | undefined {
  const cost = costOf(target)
  for (const [at, { lim }] of limits.entries()) {
    if (lim.tokens !== undefined && cost.tokens === undefined)
      return `link ${at} limits tokens, and nothing is said of what ${target.id} takes (cost.tokens)`
    if (lim.money === undefined) continue
    if (cost.money === undefined)
      return `link ${at} limits money, and nothing is said of what ${target.id} costs (cost.money)`
    if (cost.money.currency !== lim.money.currency)
      return `link ${at} limits ${lim.money.currency}, and ${target.id} costs ${cost.money.currency}`
  }
  return undefined
}

/** Most that a call can take; rows are bounded later by what is left. A call that repeats an outcome costs nothing again. */
export function mostCharge(call: Pick<Granted, 'target' | 'obligations' | 'grant' | 'repeat'>): Charge {
  const { target, obligations, grant, repeat } = call
  const bounds = [target.limits.max_rows, obligations.maxRows, grant.maxRows].filter((bound) => bound !== undefined)
  const { tokens = 0, money } = repeat === undefined ? costOf(target) : {}
  return {
    rows: Math.min(...bounds, Number.MAX_SAFE_INTEGER),
    tokens,
    ...(money === undefined ? {} : { money }),
  }
}

/** The least that a call of a capability takes. */
export function leastCharge(target: Target): Charge {
  const { tokens = 0, money } = costOf(target)
  return { rows: 1, tokens, ...(money === undefined ? {} : { money }) }
}

/**
 * Rows of a result, as `max_rows` cuts them: elements of the outermost array and of every array that holds objects or
 * arrays. A result without such an array is one row.
 */
export function rowsOf(value: unknown): number {
  return Math.max(1, tableRows(value, true))
}

function tableRows(value: unknown, outermost: boolean): number {
  if (typeof value === 'string') return outermost ? rowsInText(value) : 0
  if (typeof value !== 'object' || value === null) return 0
  if (!Array.isArray(value))
    return Object.values(value).reduce<number>((sum, member) => sum + tableRows(member, false), 0)
  const isTable = outermost || value.some((element) => typeof element === 'object' && element !== null)
  const inner = value.reduce<number>((sum, element) => sum + tableRows(element, false), 0)
  return isTable ? value.length + inner : inner
}

/** A text may be JSON, and is cut as JSON then. */
function rowsInText(text: string): number {
  const first = text.trimStart().charAt(0)
  return first === '{' || first === '[' ? tableRows(parsedJson(text), true) : 0
}

function costOf(target: Target): CostPerCall {
  return (target.kind === 'local' ? target.cost : undefined) ?? {}
}
