import { userInfo } from 'node:os'
import type { Did, ErasedContent } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli, Invocation } from '../cli.ts'
import { canAsk, confirm } from '../confirm.ts'
import type { ControlClient } from '../control-client.ts'
import { failed, usage } from '../errors.ts'
import { MOMENT_HELP, type Moment, moment } from '../moment.ts'
import type { Style } from '../print.ts'
import { bytes, counted, facts } from '../table.ts'

type Options = {
  call?: string
  principal?: string
  peer?: string
  before?: Moment
  reason?: string
  yes?: boolean
  dryRun?: boolean
}

export function auditEraseCommand(cli: Cli): Command {
  return cli
    .command('erase', {
      summary: 'erase kept content of calls for good',
      description:
        'Erases arguments and results that were kept (audit.content): their keys, so that no copy of them can be read, and their files. With them go the salts of their commitments, so that nobody can find out from the log by guessing what they were, and stored results of these calls. An entry of the log says who erased which records and why. The log, its proofs and every signature go on to verify. What is given together has to hold together. Asks the running node, and you before it does it.',
      examples: [
        'hansa audit erase --call 2f6oYQwqv1mWm1Kc8xLh0g --reason "request 4711 of the person concerned"',
        'hansa audit erase --principal person:ada --reason "request 4712" --yes',
        'hansa audit erase --peer orgb --before 2026-01-01 --reason "end of the contract" --dry-run',
      ],
    })
    .option('--call <id>', 'of one call')
    .option('--principal <principal>', 'of calls that it made, such as person:ada, as the log names it')
    .option('--peer <peer>', 'of calls with another kernel: alias or DID')
    .option('--before <time>', `what was kept before: ${MOMENT_HELP}`, moment('--before'))
    .option('--reason <text>', 'why; it is in the log')
    .option('--yes', 'nothing is asked')
    .option('--dry-run', 'say what would be erased, and erase nothing')
    .action(
      cli.action<Options>(async (invocation) => {
        const { home, options, print } = invocation
        const { systemClock } = await import('../../system-clock.ts')
        checkChoice(options)
        const before = options.before?.(systemClock.now())
        const { controlClient } = await import('../control-client.ts')
        await using client = await controlClient(home)
        const what = {
          by: accountPerson(userInfo().username),
          ...(options.call !== undefined && { callId: options.call }),
          ...(options.principal !== undefined && { principal: options.principal }),
          ...(options.peer !== undefined && { peer: await peerOf(client, options.peer) }),
          ...(before !== undefined && { before }),
        }
        const reason = options.reason ?? 'not erased'
        const found = await client.call('eraseContent', { ...what, reason, dryRun: true })
        const nothing = found.records === 0 && found.stored === 0
        if (options.dryRun === true || nothing) {
          print.result({ ...found, erased: false }, (style) => {
            return nothing ? 'Nothing of that is kept.' : `Would be erased:\n${erasedText(style, found)}`
          })
          return undefined
        }
        await agree(invocation, found)
        const erased = await client.call('eraseContent', { ...what, reason })
        print.result({ ...erased, erased: true }, (style) => `${style.good('Erased')}\n${erasedText(style, erased)}`)
        return undefined
      }),
    )
}

/** @throws CliError for no choice at all, or no reason. */
function checkChoice({ call, principal, peer, before, reason, dryRun }: Options): void {
  if ([call, principal, peer, before].every((each) => each === undefined))
    throw usage('Say what to erase: --call, --principal, --peer or --before.')
  if (reason === undefined && dryRun !== true)
    throw usage('Say why with --reason; it is in the log, and nothing else tells it.')
}

async function peerOf(client: ControlClient, who: string): Promise<Did> {
  const known = await client.call('knownPeers', {})
  const found = known.find(({ did, alias, imports }) => [did, alias, ...imports].includes(who))
  if (found !== undefined) return found.did
  const { isDid } = await import('@hansa/protocols')
  if (isDid(who)) return who
  throw failed(`No peer is known as ${who}. See whom there is with: hansa peer list`)
}

/** @throws CliError unless somebody agrees. */
async function agree({ options, stdin, stderr, print }: Invocation<Options>, found: ErasedContent): Promise<void> {
  if (options.yes === true) return
  if (!canAsk(stdin, stderr)) throw usage('Erasing cannot be undone. Say --yes, or look first with --dry-run.')
  print.note((style) => erasedText(style, found))
  if (!(await confirm('Erase it for good?', stdin, stderr))) throw failed('Nothing was erased.')
}

function erasedText(style: Style, { records, calls, bytes: size, stored, entries }: ErasedContent): string {
  return facts(style, [
    ['content', `${counted(records, 'record')} of ${counted(calls, 'call')}, ${bytes(size)}`],
    ['stored besides', stored === 0 ? undefined : counted(stored, 'result or argument', 'results or arguments')],
    [
      'in the log',
      entries.length === 0
        ? undefined
        : `${counted(entries.length, 'entry', 'entries')}: ${entries.slice(0, 8).join(', ')}${entries.length > 8 ? ', …' : ''}`,
    ],
  ])
}
