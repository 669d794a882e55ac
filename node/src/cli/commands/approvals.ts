import type { Approval } from '@hansa/protocols'
import type { Command } from 'commander'
import { argumentDifferences, argumentText, type Difference } from '../argument-text.ts'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { counted, duration, facts, time } from '../table.ts'

export function approvalsCommand(cli: Cli): Command {
  return cli
    .command('approvals', {
      summary: 'list what waits for a person',
      description:
        'Lists the actions that wait for a person, with their exact arguments and what differs from the last approved time; with --all also what became of earlier ones.',
      examples: ['hansa approvals', 'hansa approvals --all'],
    })
    .option('--all', 'also those that were decided, used or have expired')
    .action(
      cli.action<{ all?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const known = await ask(home, 'approvals', {})
        const shown = options.all === true ? known : known.filter(({ state }) => state === 'pending')
        print.result(shown, (style) =>
          shown.length === 0
            ? 'Nothing waits for a person.'
            : shown.map((one) => approvalText(style, one, systemClock.now())).join('\n\n'),
        )
        return undefined
      }),
    )
}

/** Most differences that are listed; the arguments themselves are always shown whole. */
const MAX_DIFFERENCES = 50

/** One action, with all that a person needs to decide. @param nowMs Unix milliseconds */
export function approvalText(style: Style, approval: Approval, nowMs: number): string {
  const { id, state, principal, capability, args, requested, expires, approver, reason } = approval
  const left = expires - Math.floor(nowMs / 1000)
  const waits = state === 'pending' || state === 'granted'
  return facts(style, [
    ['approval', style.name(id)],
    ['state', state === 'pending' ? style.warn(state) : state],
    ['who', principal],
    ['capability', capability],
    ['arguments', args === null ? notKept(state) : indented(argumentText(args))],
    ['compared', state === 'pending' ? indented(comparison(style, approval)) : undefined],
    ['requested', time(requested)],
    ['expires', waits && left > 0 ? `${time(expires)}, in ${duration(left)}` : time(expires)],
    ['decided by', approver],
    ['reason', reason === undefined ? undefined : argumentText(JSON.stringify(reason))],
  ])
}

function notKept(state: Approval['state']): string {
  return state === 'pending' || state === 'granted'
    ? 'not kept: too long, or from before the node kept them'
    : 'erased: they are kept for as long as an approval can be used'
}

/** What this request changes against the last one of its kind that was approved. */
function comparison(style: Style, { args, last }: Approval): string {
  if (last === undefined) return 'the first of its kind: no earlier approval of this principal and capability is known'
  const since = `the last approved one, ${time(last.approved)}`
  if (args === null || last.args === null) return `not possible with ${since}: arguments were not kept`
  const differences = argumentDifferences(last.args, args)
  if (differences === undefined) return args === last.args ? `the same as ${since}` : `differs from ${since}`
  if (differences.length === 0) return `the same as ${since}`
  const listed = differences.slice(0, MAX_DIFFERENCES).map((one) => differenceLine(style, one))
  const more = differences.length - listed.length
  if (more > 0) listed.push(`and ${counted(more, 'more difference')}`)
  return [`with ${since}:`, ...listed].join('\n')
}

function differenceLine(style: Style, { kind, text }: Difference): string {
  if (kind === 'added') return style.good(`+ ${text}`)
  return kind === 'removed' ? style.bad(`- ${text}`) : style.warn(`~ ${text}`)
}

/** Under the column of values, where no line can pass for a fact of its own. */
function indented(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(12)}`)
}
