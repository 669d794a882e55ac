import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { table, time } from '../table.ts'

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
          const rows = capabilities.map(
            ({ ref, safety, sensitivity, state, reason, since, servedBy, trustPolicy, title }) => [
              style.name(ref),
              safety,
              sensitivity.join(',') || '-',
              state === 'available' ? style.good(state) : style.bad(stateText(state, reason ?? servedBy, since)),
              trustPolicy ?? 'own',
              title,
            ],
          )
          return table(style, ['capability', 'safety', 'sensitivity', 'state', 'trust policy', 'title'], rows)
        })
        return undefined
      }),
    )
}

/** @param since Unix milliseconds */
function stateText(state: string, reason: string | undefined, since: number | undefined): string {
  if (since !== undefined) return `${state} since ${time(Math.floor(since / 1000))}: ${reason} is not connected`
  return reason === undefined ? state : `${state}: ${reason}`
}
