import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted } from '../table.ts'

export function doctorCommand(cli: Cli): Command {
  return cli
    .command('doctor', {
      summary: 'check everything that a node depends on',
      description:
        'Checks home, format, keys, permissions, configuration, policies, clock, disk, port, certificate, public URL, registry, peers, log, limits and the age of the last backup, and says for each what to do. Changes nothing; the node may run or not.',
      examples: ['hansa doctor', 'hansa doctor --json | jq ".checks[] | select(.state != \\"ok\\")"'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { examine } = await import('../examine.ts')
        const checks = await examine(home, environment)
        const failed = checks.filter(({ state }) => state === 'fail').length
        print.result({ ok: failed === 0, checks }, (style) => {
          const paints = { ok: style.good, warn: style.warn, fail: style.bad }
          const width = Math.max(...checks.map(({ check }) => check.length))
          const under = (text: string) => text.replaceAll('\n', `\n      ${' '.repeat(width)}  `)
          const lines = checks.flatMap(({ check, state, detail, remedy }) => [
            `${paints[state](state.padEnd(4))}  ${check.padEnd(width)}  ${under(detail)}`,
            ...(remedy === undefined ? [] : [`      ${' '.repeat(width)}  -> ${remedy}`]),
          ])
          return [
            ...lines,
            failed === 0 ? 'Nothing is wrong.' : `${counted(failed, 'thing is', 'things are')} wrong.`,
          ].join('\n')
        })
        return failed === 0 ? exitCodes.ok : exitCodes.failed
      }),
    )
}
