/** The explanation of a score, for people. */
import type { StandingExplanation, StandingTier } from '@hansa/protocols'
import type { Style } from './print.ts'
import { counted, facts, table } from './table.ts'

/** Lines that are shown of what `--json` has more of. */
const SHOWN = 20
const SHOWN_DAYS = 14

export function tierText(style: Style, tier: StandingTier): string {
  const words = tier.replace('_', ' ')
  return tier === 'blocked' ? style.bad(words) : tier === 'trusted' ? style.good(words) : words
}

export function standingText(style: Style, explained: StandingExplanation): string {
  const { contributions, vouches, endorsements, line, leftOut } = explained
  const more = Math.max(0, contributions.length - SHOWN) + leftOut
  return [
    headText(style, explained),
    ...part('Evidence:', contributions.length === 0 ? undefined : evidenceText(style, explained)),
    ...(more === 0 ? [] : [`and ${counted(more, 'line')} more, of less weight`]),
    ...part('Vouches:', vouches.length === 0 ? undefined : vouchText(style, explained)),
    ...part('Endorsements:', endorsements.length === 0 ? undefined : endorsementText(style, explained)),
    ...part('Day by day:', line.length === 0 ? undefined : dayText(style, explained)),
  ].join('\n')
}

function part(head: string, text: string | undefined): string[] {
  return text === undefined ? [] : ['', head, text]
}

function headText(style: Style, explained: StandingExplanation): string {
  const { of, by, day, score, tier, integrity, reliability, own, endorsed, ceiling, vouched, held, pinned } = explained
  const limit = pinned ? String(ceiling) : `${ceiling}: nobody has pinned its key`
  return facts(style, [
    ['kernel', of],
    ['in the log of', by],
    ['score', `${style.bold(String(score))} on ${day}, ${tierText(style, tier)}`],
    ['earned', `${own}: integrity ${integrity}, reliability ${reliability}`],
    ['endorsed', `${endorsed}`],
    ['ceiling', limit],
    ['vouched', vouched === undefined ? undefined : `${vouched}, which holds it up`],
    ['held', held ? style.bad('at 0, by a proof whose case is open') : undefined],
    ['today', `${counted(explained.today, 'good call')}, counted when the day has ended`],
    ['inputs', explained.inputs],
  ])
}

function evidenceText(style: Style, { contributions }: StandingExplanation): string {
  const rows = contributions
    .slice(0, SHOWN)
    .map(({ day, kind, count, good, distrust, ok, bad, evidence, rule }) => [
      day,
      kind,
      String(count),
      weightText({ good, distrust, ok, bad }),
      evidence.map(({ entry, hash }) => `${entry}:${hash.slice(0, 8)}`).join(' '),
      rule,
    ])
  return table(style, ['day', 'kind', 'count', 'weighs now', 'first entries', 'rule'], rows)
}

type Weights = Pick<StandingExplanation['contributions'][number], 'good' | 'distrust' | 'ok' | 'bad'>

function weightText({ good, distrust, ok, bad }: Weights): string {
  const weights = [
    good > 0 ? `+${units(good)} good` : '',
    distrust > 0 ? `-${units(distrust)} trust` : '',
    ok > 0 ? `+${units(ok)} answered` : '',
    bad > 0 ? `-${units(bad)} unanswered` : '',
  ]
  return weights.filter((weight) => weight !== '').join(', ')
}

function units(micro: number): string {
  return (micro / 1_000_000).toFixed(2)
}

function vouchText(style: Style, { vouches }: StandingExplanation): string {
  const rows = vouches.map(({ source, standing, from, until, by, grave, entry, reason }) => [
    source,
    String(standing),
    from,
    `${until ?? 'no end'}${grave === true ? ', by a grave event' : ''}`,
    by ?? '-',
    String(entry),
    reason ?? '-',
  ])
  return table(style, ['by', 'standing', 'from', 'until', 'person', 'entry', 'reason'], rows)
}

function endorsementText(style: Style, { endorsements }: StandingExplanation): string {
  const rows = endorsements.map(({ organisation, points, hash }) => [String(points), hash.slice(0, 8), organisation])
  return table(style, ['points', 'hash', 'organisation'], rows)
}

function dayText(style: Style, { line }: StandingExplanation): string {
  const rows = line
    .slice(-SHOWN_DAYS)
    .map(({ day, score, tier, own, raw, integrity, reliability }) => [
      day,
      String(score),
      tierText(style, tier),
      String(own),
      String(raw),
      String(integrity),
      String(reliability),
    ])
  return table(style, ['day', 'score', 'tier', 'earned', 'without limit', 'integrity', 'reliability'], rows)
}
