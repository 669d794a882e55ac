import type { Command } from 'commander'
import type { Overrides } from '../../config/override.ts'
import type { Cli } from '../cli.ts'

type Options = { listen?: string; publicUrl?: string; logLevel?: string }

export function upCommand(cli: Cli): Command {
  return cli
    .command('up', {
      summary: 'run the node until it is told to stop',
      description:
        'Runs the node in the foreground. One line on standard output says that it is ready; the log goes to standard error. SIGTERM or Ctrl+C: it takes no new call, finishes what runs, and ends. It takes changed policy files by itself. SIGHUP: it reads its configuration, policies, capabilities and certificate again.',
      examples: ['hansa up', 'hansa up --home ./orgb --listen 127.0.0.1:0 --json'],
    })
    .option('--listen <host:port>', 'instead of `listen` in hansa.yaml; port 0 takes a free one')
    .option('--public-url <url>', 'instead of `public_url` in hansa.yaml')
    .option('--log-level <level>', 'instead of `log_level` in hansa.yaml: debug, info, warn, error or silent')
    .action(
      cli.action<Options>(async ({ home, print, options, environment }) => {
        const { runNode } = await import('../run-node.ts')
        return await runNode({ home, environment, overrides: overridesOf(options), print })
      }),
    )
}

function overridesOf({ listen, publicUrl, logLevel }: Options): Overrides {
  const given = [
    { path: ['listen'], value: listen, source: '--listen' },
    { path: ['public_url'], value: publicUrl, source: '--public-url' },
    { path: ['log_level'], value: logLevel, source: '--log-level' },
  ]
  return given.filter(({ value }) => value !== undefined)
}
