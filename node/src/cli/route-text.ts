/** Where a call goes, as people read it. */
import type { Route, RouteCandidate } from '@hansa/protocols'
import type { Style } from './print.ts'
import { table } from './table.ts'

type Fact = [string, string | undefined]

/** One line for each place that was looked in, and one for each provider. */
export function routeFacts(style: Style, { steps, candidates }: Route): Fact[] {
  return [
    ...steps.map(({ source, reason }): Fact => [`looked in ${source}`, reason]),
    ...candidates.map(
      (candidate, at): Fact => [`provider ${at + 1}`, `${nameOf(style, candidate)}: ${candidate.reason}`],
    ),
  ]
}

export function routeTable(style: Style, { candidates }: Route): string {
  const rows = candidates.map((candidate, at) => {
    const { source, callable, score, tier, health, reason } = candidate
    const called = callable ? style.good('yes') : style.bad('no')
    return [
      String(at + 1),
      nameOf(style, candidate),
      source,
      called,
      String(score ?? '-'),
      tier ?? '-',
      health?.state ?? '-',
      reason,
    ]
  })
  return table(style, ['', 'provider', 'from', 'callable', 'score', 'tier', 'health', 'why'], rows)
}

function nameOf(style: Style, { ref, name, peer }: RouteCandidate): string {
  if (ref !== undefined) return style.name(ref)
  return [name, peer].filter((part) => part !== undefined).join(' ')
}
