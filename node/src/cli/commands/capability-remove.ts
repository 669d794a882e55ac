import { resolve } from 'node:path'
import type { CapabilityDetail } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'

export function capabilityRemoveCommand(cli: Cli): Command {
  return cli
    .command('remove', {
      summary: 'stop offering something',
      description:
        'Removes from hansa.yaml, and from the running node: an HTTP request by its id, an MCP server or agent by its prefix, the class of one thing that it offers, or a module by its path. Calls that run end as they would have. A capability whose program is not connected is forgotten.',
      examples: [
        'hansa capability remove weather.today',
        'hansa capability remove files.write_file',
        'hansa capability remove files',
        'hansa capability remove ./capabilities.mjs',
      ],
    })
    .argument('<what>', 'id, prefix of an MCP server, or path of a module')
    .action(
      cli.action(async ({ home, print, environment, args: [what] }) => {
        const text = String(what)
        const { ask } = await import('../control-client.ts')
        const { codeOf, isOwnId, takeIn, takenInText } = await import('../take-in.ts')
        const { removeItem, removeModule } = await import('../../config/edit-config.ts')
        const detail = isOwnId(text) ? await detailOf(home, text) : undefined
        if (detail?.servedBy !== undefined) {
          await ask(home, 'forgetCapability', { id: text })
          print.result({ forgotten: text }, (style) => `${style.name(text)} is forgotten.`)
          return undefined
        }
        if (/^[a-z0-9][a-z0-9_-]*\/[a-z0-9_.-]+$/.test(text) && !/\.[cm]?[jt]s$/.test(text))
          throw usage(`${text} belongs to another kernel. Forget that one with: hansa unimport ${text.split('/')[0]}`)
        const { server: prefix = '', kind = 'tool', name = '' } = detail?.tool ?? {}
        const tool = detail?.tool && { prefix, kind, name }
        const edit =
          isOwnId(text) && !/\.[cm]?js$/.test(text) ? removeItem(text, tool) : removeModule(isModule(home, text))
        const taken = await takeIn(home, environment, edit).catch((error: unknown) => {
          if (codeOf(error) === 'config_unchanged' && detail?.source !== undefined && tool === undefined)
            throw usage(`${text} is one of several of ${detail.source}; remove that module by its path.`)
          throw error
        })
        print.result(taken, (style) => takenInText(style, taken))
        return undefined
      }),
    )

  async function detailOf(home: string, ref: string): Promise<CapabilityDetail | undefined> {
    const { ask } = await import('../control-client.ts')
    const { codeOf } = await import('../take-in.ts')
    return ask(home, 'capability', { ref }).catch((error: unknown) => {
      const code = codeOf(error)
      if (code === 'not_found' || code === 'node_not_running') return undefined
      throw error
    })
  }
}

/** As the configuration writes it, or as it is seen from the current directory. */
function isModule(home: string, given: string): (path: string) => boolean {
  return (path) => path === given || resolve(home, path) === resolve(given)
}
