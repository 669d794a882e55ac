import { writeFile } from 'node:fs/promises'
import type { KeptContent, KeptPart } from '@hansa/protocols'
import type { Command } from 'commander'
import { argumentText } from '../argument-text.ts'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../print.ts'
import { bytes, facts } from '../table.ts'

type Options = { call: string; out?: string }

export function auditContentCommand(cli: Cli): Command {
  return cli
    .command('content', {
      summary: 'show what was kept of the content of a call',
      description:
        'Shows arguments and result of one call, where hansa.yaml says to keep them (audit.content), and checks them against what the log commits to. Arguments are as they were after the firewall. Asks the running node. Exit code 1 when something is not what was kept.',
      examples: [
        'hansa audit content --call 2f6oYQwqv1mWm1Kc8xLh0g',
        'hansa audit content --call 2f6oYQwqv1mWm1Kc8xLh0g --json | jq -r ".parts[1].content"',
      ],
    })
    .requiredOption('--call <id>', 'id of the call, as in the log')
    .option('--out <file>', 'write it there as JSON, of mode 0600, instead of showing it; it must not exist')
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const content = await ask(home, 'content', { callId: options.call })
        if (options.out === undefined) print.result(content, (style) => contentText(style, content))
        else {
          await writeFile(options.out, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
          print.result({ file: options.out }, (style) => `Written to ${style.name(options.out ?? '')}.`)
        }
        return content.parts.some(isWrong) ? exitCodes.failed : exitCodes.ok
      }),
    )
}

function isWrong({ state, check }: KeptPart): boolean {
  return state === 'unreadable' || check === 'mismatch' || check === 'not_in_log'
}

function contentText(style: Style, { callId, capability, principal, parts }: KeptContent): string {
  const head = facts(style, [
    ['call', callId],
    ['capability', capability],
    ['asked by', principal],
  ])
  return [head, ...parts.map((part) => partText(style, part))].join('\n\n')
}

function partText(style: Style, part: KeptPart): string {
  const about = facts(style, [
    [part.kind, stateText(style, part)],
    [
      'kept',
      part.keptAt === undefined ? undefined : `${new Date(part.keptAt).toISOString()}, ${bytes(part.bytes ?? 0)}`,
    ],
    ['log says', part.commitment],
    ['check', part.check === undefined ? undefined : checkText(style, part.check)],
  ])
  return part.content === undefined ? about : `${about}\n${argumentText(part.content)}`
}

function stateText(style: Style, { state, reason, erased }: KeptPart): string {
  if (state === 'kept') return style.good('kept')
  if (state === 'unreadable') return style.bad(`cannot be read: ${reason ?? 'the reason is not known'}`)
  if (erased === undefined) return 'not kept'
  const by = erased.by === undefined ? '' : ` by ${erased.by}`
  return `erased ${new Date(erased.at).toISOString()}${by}, entry ${erased.seq}: ${argumentText(JSON.stringify(erased.reason ?? ''))}`
}

const checks: Readonly<Record<NonNullable<KeptPart['check']>, string>> = {
  matches: 'it is what the log commits to',
  changed_by_firewall:
    'the other kernel committed to what it sent; the firewall of this one changed it, as the log says, before it was kept',
  mismatch: 'it is NOT what the log commits to',
  not_in_log: 'the log commits to nothing for it',
}

function checkText(style: Style, check: NonNullable<KeptPart['check']>): string {
  if (check === 'matches') return style.good(checks.matches)
  return check === 'changed_by_firewall' ? checks[check] : style.bad(checks[check])
}
