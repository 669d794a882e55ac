/** One case for people: what it is about, what is in force, whose turn it is, and what was done, in order. */
import type {
  CaseEventName,
  CaseEvidence,
  CaseView,
  Sanction,
  SanctionScope,
  SanctionTerms,
  VerdictTerms,
} from '@hansa/protocols'
import type { Style } from './print.ts'
import { duration, facts, table, time } from './table.ts'

/** @param now Unix seconds */
export function caseText(style: Style, view: CaseView, now: number): string {
  const { id, subject, reason, critical, opener, opened, evidence, proposal, decision, appeal, outcome } = view
  const about = facts(style, [
    ['case', style.name(id)],
    ['about', subject],
    ['state', stateText(style, view)],
    ['why', critical ? `${reason} ${style.bad('(a proof that convicts by itself)')}` : reason],
    ['opened', `${time(opened)} by ${opener}`],
    ['evidence', evidence.length === 0 ? undefined : evidence.map(evidenceText).join('\n')],
    ['proposed', proposal && `${verdictText(proposal.terms)}, by ${proposal.by}`],
    [
      'decided',
      decision && `${verdictText(decision.terms)}, by ${[decision.by, decision.second ?? []].flat().join(' and ')}`,
    ],
    ['appeal', appeal && `${appeal.text}, by ${appeal.by}`],
    ['outcome', outcome && `${outcomeText(outcome.terms)}, by ${outcome.by}`],
    ['in force', inForceText(style, view.inForce, now)],
    ['turn', turnText(style, view, now)],
  ])
  return `${about}\n\n${timeline(style, view)}`
}

/** @param now Unix seconds */
export function caseTable(style: Style, views: readonly CaseView[], now: number): string {
  const rows = views.map((view) => [
    style.name(view.id),
    view.subject,
    stateText(style, view),
    inForceText(style, view.inForce, now),
    view.state === 'final' ? '' : view.turn,
  ])
  return table(style, ['case', 'about', 'state', 'in force', 'turn'], rows)
}

export function termsText(terms: SanctionTerms): string {
  if (terms.kind === 'warn') return 'a warning'
  const length = terms.days === undefined ? 'for good' : `for ${terms.days} d`
  const kind = { quarantine: 'a quarantine', suspend: 'a suspension', ban: 'a ban' }[terms.kind]
  return `${kind} ${length}${scopeText(terms.scope)}`
}

function scopeText(scope: SanctionScope | undefined): string {
  if (scope === undefined) return ''
  const { capabilities, agents, direction } = scope
  const parts = [
    capabilities === undefined ? undefined : `of ${capabilities.join(', ')}`,
    agents === undefined ? undefined : `by ${agents.join(', ')}`,
    direction,
  ]
  return `, only calls ${parts.filter((part) => part !== undefined).join(', ')}`
}

function verdictText(terms: VerdictTerms): string {
  return terms.verdict === 'dismiss' ? 'dismissed' : termsText(terms.sanction)
}

function outcomeText(terms: NonNullable<CaseView['outcome']>['terms']): string {
  if (terms.outcome === 'modify') return `modified to ${termsText(terms.sanction)}`
  return { uphold: 'upheld', overturn: 'overturned' }[terms.outcome]
}

function stateText(style: Style, { state, missed }: CaseView): string {
  const late = missed.length === 0 ? '' : style.bad(` (late: ${missed.join(', ')})`)
  return `${state === 'final' ? style.dim(state) : style.warn(state)}${late}`
}

function inForceText(style: Style, sanction: Sanction | null, now: number): string {
  if (sanction === null) return 'nothing'
  const { kind, until, rule, scope } = sanction
  const end = until === null ? '' : ` until ${time(until)}, ${duration(until - now)} from now`
  return `${kind === 'warn' ? style.warn(kind) : style.bad(kind)}${scopeText(scope)}${end} (${rule})`
}

function turnText(style: Style, { turn, due, state }: CaseView, now: number): string {
  if (state === 'final' || due === null) return turn
  const left = due - now
  return left > 0 ? `${turn} ${style.dim(`(${duration(left)} left)`)}` : turn
}

function evidenceText(evidence: CaseEvidence): string {
  if (evidence.kind === 'entry') return `entry ${evidence.seq} of ${evidence.origin}`
  return evidence.kind === 'notice' ? `notice of ${evidence.iss}` : `${evidence.kind} proof ${evidence.hash}`
}

const colours: Readonly<Record<CaseEventName, 'good' | 'warn' | 'bad' | 'dim'>> = {
  opened: 'warn',
  triaged: 'warn',
  proposed: 'warn',
  dismissed: 'good',
  sanctioned: 'bad',
  appealed: 'warn',
  upheld: 'bad',
  modified: 'warn',
  overturned: 'good',
  deadline_missed: 'bad',
  closed: 'dim',
}

function timeline(style: Style, { history }: CaseView): string {
  const rows = history.map(({ at, event, by, note }) => {
    const word = style[colours[event]](event.replaceAll('_', ' '))
    return [style.dim(time(at)), word, by ?? 'the clock', note ?? '']
  })
  return table(style, ['when', 'what', 'by', 'why'], rows)
}
