import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted, table } from '../table.ts'

export function configCommand(cli: Cli): Command {
  return cli.group('config', 'check and show the configuration, and print its schema', [
    checkCommand(cli),
    showCommand(cli),
    schemaCommand(cli),
  ])
}

function checkCommand(cli: Cli): Command {
  return cli
    .command('check', {
      summary: 'find every mistake in the configuration and its policies',
      description:
        'Checks hansa.yaml, what the environment overrides, and every policy that it names, and names each mistake with file, line and key. Needs no node.',
      examples: ['hansa config check', 'hansa config check --home ./orgb --json'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { homePaths } = await import('../../home/home-paths.ts')
        const { configurationFaults } = await import('../../start/check-configuration.ts')
        const { config } = homePaths(home)
        const faults = await configurationFaults(config, environment)
        print.result({ ok: faults.length === 0, config, faults }, (style) =>
          faults.length === 0
            ? `${style.good('No mistakes')} in ${config} and its policies.`
            : `${faults.map((fault) => style.bad(fault)).join('\n')}\n${counted(faults.length, 'mistake')}.`,
        )
        return faults.length === 0 ? exitCodes.ok : exitCodes.usage
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show every setting, and where it comes from',
      description:
        'Shows what a node would start with: each key of hansa.yaml, its value, and whether that is of the file, of a variable of the environment, or the default. Secrets are counted, not shown. Needs no node.',
      examples: ['hansa config show', 'HANSA_LOG_LEVEL=debug hansa config show --json'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { homePaths } = await import('../../home/home-paths.ts')
        const { readSettings } = await import('../../config/index.ts')
        const settings = await readSettings(homePaths(home).config, environment)
        print.result(settings, (style) => {
          const rows = settings.map(({ key, value, from }) => [
            key,
            from === 'default' ? style.dim(value) : value,
            from === 'default' ? style.dim(from) : from,
          ])
          return table(style, ['key', 'value', 'from'], rows)
        })
        return undefined
      }),
    )
}

function schemaCommand(cli: Cli): Command {
  return cli
    .command('schema', {
      summary: 'print the JSON Schema of hansa.yaml',
      description:
        'Prints the JSON Schema of hansa.yaml, for editors: put "# yaml-language-server: $schema=hansa.schema.json" at the top of hansa.yaml.',
      examples: ['hansa config schema > ~/.hansa/hansa.schema.json'],
    })
    .action(
      cli.action(async ({ print }) => {
        const { configJsonSchema } = await import('../../config/index.ts')
        const schema = configJsonSchema()
        print.result(schema, () => JSON.stringify(schema, null, 2))
        return undefined
      }),
    )
}
