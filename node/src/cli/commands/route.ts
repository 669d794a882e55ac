import type { CapabilityRef } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { routeTable } from '../route-text.ts'
import { facts } from '../table.ts'

export function routeCommand(cli: Cli): Command {
  return cli
    .command('route', {
      summary: 'say who could serve a capability, and in which order',
      description:
        'Looks for providers of a capability: this node, imported kernels, the replica of manifests, the registry. Says in which order a call would ask them, and why. Only this node and imported kernels are ever called; the others are named so that they can be imported. Exits 1 when nobody can be called.',
      examples: ['hansa route files.read', 'hansa route orgb/files.read', 'hansa route files.read --json'],
    })
    .argument('<capability>', 'with or without the alias of a peer')
    .action(
      cli.action(async ({ home, print, args: [capability] }) => {
        const { ask } = await import('../control-client.ts')
        const route = await ask(home, 'route', { capability: capability as CapabilityRef })
        print.result(route, (style) => {
          const looked = facts(
            style,
            route.steps.map(({ source, reason }) => [source, reason]),
          )
          const some = route.candidates.length > 0
          return some ? `${looked}\n\n${routeTable(style, route)}` : `${looked}\n\nNobody is known to offer it.`
        })
        return route.candidates.some(({ callable }) => callable) ? exitCodes.ok : exitCodes.failed
      }),
    )
}
