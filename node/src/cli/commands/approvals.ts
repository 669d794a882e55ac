import type { Approval, ApprovalEvent } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import { argumentDifferences, argumentText, type Difference } from '../argument-text.ts'
import type { Cli } from '../cli.ts'
import type { Print, Style } from '../print.ts'
import { counted, duration, facts, time } from '../table.ts'

export function approvalsCommand(cli: Cli): Command {
  return cli
    .command('approvals', {
      summary: 'list what waits for a person',
      description:
        'Lists the actions that wait for a person, with their exact arguments and what differs from the last approved time; with --all also what became of earlier ones. With --watch it stays, and shows each new request and each decision as it happens, until it is interrupted; with --json each event is one line.',
      examples: [
        'hansa approvals',
        'hansa approvals --all',
        'hansa approvals --watch',
        'hansa approvals --watch --json | jq -c \'select(.type == "requested") | .approval\'',
      ],
    })
    .option('--all', 'also those that were decided, used or have expired')
    .addOption(new Option('--watch', 'show what happens from now on, until interrupted').conflicts('all'))
    .action(
      cli.action<{ all?: boolean; watch?: boolean }>(async ({ home, print, options }) => {
        const { systemClock } = await import('../../system-clock.ts')
        if (options.watch === true) return await watch(home, print, () => systemClock.now())
        const { ask } = await import('../control-client.ts')
        const known = await ask(home, 'approvals', {})
        const shown = options.all === true ? known : known.filter(({ state }) => state === 'pending')
        print.result(shown, (style) =>
          shown.length === 0 ? 'Nothing waits for a person.' : approvalTexts(style, shown, systemClock.now()),
        )
        return undefined
      }),
    )
}

/** It ends when the process is interrupted. @throws ControlClientError when the node ends. */
async function watch(home: string, print: Print, now: () => number): Promise<undefined> {
  const { watchApprovals } = await import('../control-lines.ts')
  for await (const event of watchApprovals(home)) print.result(event, (style) => eventText(style, event, now()))
}

function approvalTexts(style: Style, approvals: readonly Approval[], nowMs: number): string {
  return approvals.map((one) => approvalText(style, one, nowMs)).join('\n\n')
}

function eventText(style: Style, event: ApprovalEvent, nowMs: number): string {
  if (event.type === 'watching') {
    const { waiting } = event
    const listed = waiting.length === 0 ? 'Nothing waits for a person.' : approvalTexts(style, waiting, nowMs)
    return `${listed}\n\n${style.dim('New requests and decisions follow. Stop with Ctrl+C.')}`
  }
  const { type, at, approval } = event
  if (type === 'requested') return `\n${approvalText(style, approval, nowMs)}`
  const { id, principal, capability, approver, reason } = approval
  const by = approver === undefined || type === 'expired' ? '' : ` by ${approver}`
  const why = reason === undefined || type === 'expired' ? '' : `: ${argumentText(JSON.stringify(reason))}`
  const word = { granted: style.good, denied: style.bad, expired: style.dim }[type](type)
  return `${time(at)}  ${word}  ${style.name(id)}  ${principal}, ${capability}${by}${why}`
}

/** Most differences that are listed; the arguments themselves are always shown whole. */
const MAX_DIFFERENCES = 50

/** One action, with all that a person needs to decide. @param nowMs Unix milliseconds */
export function approvalText(style: Style, approval: Approval, nowMs: number): string {
  const { id, state, principal, onBehalfOf, capability, callId, args, requested, expires, approver, reason } = approval
  const left = expires - Math.floor(nowMs / 1000)
  const waits = state === 'pending' || state === 'granted'
  return facts(style, [
    ['approval', style.name(id)],
    ['state', state === 'pending' ? style.warn(state) : state],
    ['who', onBehalfOf === undefined ? principal : `${principal}, on behalf of ${onBehalfOf}`],
    ['capability', capability],
    ['call', callId],
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
