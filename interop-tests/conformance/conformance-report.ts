import type { BindingResult, CardResult } from './a2a-cards.ts'
import { isAsExpected, type LegResult } from './leg.ts'
import { type Revision, revisions, roles } from './requirements.ts'

export type Count = { passed: number; required: number }
type Both = Readonly<Record<'server' | 'client', Count>>

export type ConformanceReport = {
  mcp: Readonly<Record<Revision, { direct: Both; throughKernel: Both }>>
  a2a: { fixture: { cards: readonly CardCount[] } }
}

type CardCount = {
  card: string
  /** By protocol binding. */
  direct: Readonly<Record<string, Count>>
  throughKernel: Readonly<Record<string, Count>>
}

export function conformanceReport(legs: readonly LegResult[], cards: readonly CardResult[]): ConformanceReport {
  const count = (way: LegResult['way'], revision: Revision): Both =>
    Object.fromEntries(
      roles.map((role) => {
        const leg = legs.find((one) => one.way === way && one.revision === revision && one.role === role)
        return [role, { passed: leg?.passed ?? 0, required: leg?.required ?? 0 }]
      }),
    ) as Both
  return {
    mcp: Object.fromEntries(
      revisions.map((revision) => [
        revision,
        { direct: count('direct', revision), throughKernel: count('throughKernel', revision) },
      ]),
    ) as ConformanceReport['mcp'],
    a2a: {
      fixture: {
        cards: cards.map(({ card, bindings, throughKernel }) => ({
          card,
          direct: countsOf(bindings),
          throughKernel: countsOf(throughKernel),
        })),
      },
    },
  }
}

function countsOf(bindings: readonly BindingResult[]): Readonly<Record<string, Count>> {
  return Object.fromEntries(bindings.map(({ binding, passed, required }) => [binding, { passed, required }]))
}

/** What keeps the run from being as expected, one sentence each. */
export function unexpected(legs: readonly LegResult[], cards: readonly CardResult[]): readonly string[] {
  const ofLegs = legs
    .filter((leg) => !isAsExpected(leg))
    .flatMap(({ way, role, revision, failing, stale }) => [
      ...failing.map(
        ({ scenario, faults, warnings }) =>
          `${way} ${role} ${revision}: ${scenario}: ${[...faults, ...warnings][0] ?? ''}`,
      ),
      ...stale.map(({ scenario }) => `${way} ${role} ${revision}: ${scenario} passes; take it out of exceptions.yaml`),
    ])
  const ofCards = cards.flatMap(({ card, bindings, throughKernel }) => [
    ...bindings.flatMap(({ binding, faults }) => faults.map((fault) => `a2a ${card} ${binding}: ${fault}`)),
    ...throughKernel.flatMap(({ binding, faults }) =>
      faults.map((fault) => `a2a ${card} ${binding}, through a kernel: ${fault}`),
    ),
  ])
  return [...ofLegs, ...ofCards]
}

/** One line for a leg that has ended. */
export function legLine(leg: LegResult): string {
  const { way, role, revision, passed, required, excepted } = leg
  const which = `${way === 'direct' ? 'direct' : 'through a kernel'}`.padEnd(17)
  const except = excepted.length === 0 ? '' : `  ${excepted.length} excepted`
  return `${isAsExpected(leg) ? '✓' : '✗'} MCP ${revision}  ${role}  ${which} ${passed}/${required}${except}`
}

export function cardLine({ card, bindings, throughKernel }: CardResult): string {
  const good = [...bindings, ...throughKernel].every(({ faults }) => faults.length === 0)
  const counts = (of: readonly BindingResult[]) =>
    of.map(({ binding, passed, required }) => `${binding} ${passed}/${required}`).join('  ')
  const through = throughKernel.length === 0 ? '' : `  through a kernel: ${counts(throughKernel)}`
  return `${good ? '✓' : '✗'} A2A 1.0  ${card.padEnd(18)} ${counts(bindings)}${through}`
}
