import type { ManifestDiff } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../print.ts'

export function refreshCommand(cli: Cli): Command {
  return cli
    .command('refresh', {
      summary: 'look at what an imported kernel changed',
      description:
        'Fetches the current manifest of an imported kernel and applies its changes: what is harmless is taken over, what is not suspends the capability.',
      examples: ['hansa refresh orgb'],
    })
    .argument('<alias>', 'as shown by: hansa peers')
    .action(
      cli.action(async ({ home, print, args: [alias] }) => {
        const { ask } = await import('../control-client.ts')
        const diff = await ask(home, 'refresh', { alias })
        print.result(diff, (style) => diffText(style, String(alias), diff))
        return diff.peer === 'blocked' ? exitCodes.failed : exitCodes.ok
      }),
    )
}

function diffText(style: Style, alias: string, { fromSeq, toSeq, peer, reasons, capabilities }: ManifestDiff): string {
  if (fromSeq === toSeq) return `${style.name(alias)} has not changed (manifest ${toSeq}).`
  const head = `${style.name(alias)} went from manifest ${fromSeq} to ${toSeq}.`
  const blocked =
    peer === 'blocked'
      ? [
          style.bad('Nothing of it can be called:'),
          ...reasons.map((reason) => `  ${reason}`),
          `  Look at it, then import it again.`,
        ]
      : []
  const changes = capabilities.map(({ capability, action, changes: what }) => {
    const paint = action === 'applied' || action === 'listed' ? style.good : style.bad
    return `  ${paint(action.padEnd(9))}  ${capability}${what.length === 0 ? '' : `: ${what.join('; ')}`}`
  })
  return [head, ...blocked, ...changes].join('\n')
}
