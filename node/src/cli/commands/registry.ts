import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed } from '../errors.ts'

export function registryCommand(cli: Cli): Command {
  return cli.group('registry', 'run a registry', [upCommand(cli)])
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
