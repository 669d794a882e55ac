import type { Command } from 'commander'
import type { Cli } from '../cli.ts'

export function unimportCommand(cli: Cli): Command {
  return cli
    .command('unimport', {
      summary: 'forget an imported kernel',
      description: 'Takes the capabilities of an imported kernel away. Its entries in the log stay.',
      examples: ['hansa unimport orgb'],
    })
    .argument('<alias>', 'as shown by: hansa peers')
    .action(
      cli.action(async ({ home, print, args: [alias] }) => {
        const { ask } = await import('../control-client.ts')
        await ask(home, 'unimport', { alias })
        print.result({ alias, unimported: true }, (style) => `${style.name(String(alias))} is no longer imported.`)
        return undefined
      }),
    )
}
