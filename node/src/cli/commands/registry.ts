import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../print.ts'
import type { ShownRegistry } from '../shown-registry.ts'
import { counted, facts } from '../table.ts'

export function registryCommand(cli: Cli): Command {
  return cli.group('registry', 'run a registry, and see what registries show', [
    upCommand(cli),
    showCommand(cli),
    forgiveCommand(cli),
  ])
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'the log of each registry, and how it lists this node',
      description:
        'Asks registries for the signed head of their log, and for this node when it runs. Exits with 1 when one of them shows no log that verifies.',
      examples: ['hansa registry show', 'hansa registry show https://registry.example --json'],
    })
    .argument('[url...]', 'base URLs (default: those of hansa.yaml)')
    .action(
      cli.action(async ({ home, print, environment, args: [given] }) => {
        const { configuredRegistries } = await import('../configured-registries.ts')
        const { shownRegistry } = await import('../shown-registry.ts')
        const { ask } = await import('../control-client.ts')
        const urls = given as string[]
        const asked = urls.length > 0 ? urls : await configuredRegistries(home, environment)
        if (asked.length === 0) throw usage('Nothing to ask: give the URL of a registry, or name one in hansa.yaml.')
        // A node that does not run is not listed either.
        const did = await ask(home, 'status', {}).then(
          (status) => status.did,
          () => undefined,
        )
        const registries = await Promise.all(asked.map((url) => shownRegistry(url, did)))
        print.result({ registries }, (style) => registries.map((one) => shownText(style, one)).join('\n\n'))
        return registries.some(({ faults }) => faults.length > 0) ? exitCodes.failed : exitCodes.ok
      }),
    )
}

function forgiveCommand(cli: Cli): Command {
  return cli
    .command('forgive', {
      summary: 'ask a registry again that was caught',
      description:
        'A registry whose log was rewritten, cut or signed by another key is not asked any more. When it was set up anew, or its operator has shown you why, this node forgets what it remembers of it: the next log that it shows counts as its first. What it was caught with stays in the log of this node, and so does this.',
      examples: ['hansa registry forgive https://registry.example'],
    })
    .argument('<url>', 'its base URL, as in hansa.yaml')
    .action(
      cli.action(async ({ home, print, args: [url] }) => {
        const { ask } = await import('../control-client.ts')
        const by = accountPerson(userInfo().username)
        const forgiven = await ask(home, 'forgiveRegistry', { url: String(url), by })
        print.result(forgiven, (style) =>
          facts(style, [
            ['forgiven', style.name(forgiven.url)],
            ['was', `${forgiven.kind}: ${forgiven.reason}`],
            ['from now on', 'it is asked again, and the next log that it shows counts as its first'],
          ]),
        )
        return undefined
      }),
    )
}

function shownText(style: Style, { url, log, listing, faults }: ShownRegistry): string {
  const { state, seq, entry } = listing ?? {}
  const of = [...(seq === undefined ? [] : [`number ${seq}`]), ...(entry === undefined ? [] : [`entry ${entry}`])]
  return facts(style, [
    ['registry', style.name(url)],
    ['log', log && `${log.origin}, ${counted(log.entries, 'entry', 'entries')}`],
    ['key', log?.vkey],
    ['this node', state && [state, ...of].join(', ')],
    ...faults.map((fault) => ['fault', style.bad(fault)] as const),
  ])
}

function upCommand(cli: Cli): Command {
  return cli
    .command('up', {
      summary: 'run a registry until it is told to stop',
      description:
        'Starts hansa-registry, the directory of signed manifests, and hands over the arguments, the signals and the exit code. See all of its options with: hansa registry up -- --help',
      examples: [
        'hansa registry up',
        'hansa registry up -- --listen 127.0.0.1:7070 --database sqlite:registry.sqlite --json',
      ],
    })
    .argument('[arguments...]', 'of hansa-registry')
    .allowUnknownOption()
    .action(
      cli.action<{ json?: boolean }>(async ({ options, args: [given] }) => {
        const { findRegistry, runProgram } = await import('../registry-program.ts')
        const program = findRegistry(import.meta.dirname)
        if (program === undefined)
          throw failed('There is no hansa-registry here. Install it with: npm install @hansa/registry-server')
        const forwarded = [...(options.json === true ? ['--json'] : []), ...(given as string[])]
        return await runProgram(program, forwarded)
      }),
    )
}
