import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { table } from '../table.ts'

export function capabilitiesCommand(cli: Cli): Command {
  return cli
    .command('capabilities', {
      summary: 'list what can be called',
      description: "Lists what can be called: this node's own capabilities, and imported ones as alias/id.",
      examples: ['hansa capabilities', 'hansa capabilities --json | jq ".[].ref"'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const capabilities = await ask(home, 'capabilities', {})
        print.result(capabilities, (style) => {
          if (capabilities.length === 0)
            return 'Nothing can be called. Offer something in hansa.yaml, or import a kernel with: hansa import URL'
          const rows = capabilities.map(({ ref, safety, sensitivity, state, reason, trustPolicy, title }) => [
            style.name(ref),
            safety,
            sensitivity.join(',') || '-',
            state === 'available' ? style.good(state) : style.bad(reason === undefined ? state : `${state}: ${reason}`),
            trustPolicy ?? 'own',
            title,
          ])
          return table(style, ['capability', 'safety', 'sensitivity', 'state', 'trust policy', 'title'], rows)
        })
        return undefined
      }),
    )
}
