import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed } from '../errors.ts'
import { facts, table, time } from '../table.ts'

export function agentCommand(cli: Cli): Command {
  return cli.group('agent', 'give agents credentials, and take them away', [
    addCommand(cli),
    listCommand(cli),
    showCommand(cli),
    removeCommand(cli),
  ])
}

function addCommand(cli: Cli): Command {
  return cli
    .command('add', {
      summary: 'make the credential of an agent',
      description:
        'Makes a credential with which a program calls and serves capabilities as one principal, and does nothing that an operator does. It is printed once, alone on standard output; the node keeps its SHA-256.',
      examples: [
        'hansa agent add reporter > reporter.credential',
        'hansa agent add reporter-2 --principal agent:reporter',
      ],
    })
    .argument('<name>', 'of a-z, 0-9, dot, underscore and hyphen')
    .option('--principal <principal>', 'as whom it acts, agent:NAME (default: agent: and its name)')
    .action(
      cli.action<{ principal?: string }>(async ({ home, print, options, args: [name] }) => {
        const { ask } = await import('../control-client.ts')
        const { principal } = options
        const made = await ask(home, 'agentAdd', { name, ...(principal !== undefined && { principal }) })
        print.result(made, () => made.credential)
        print.note((style) =>
          [
            facts(style, [
              ['agent', style.name(made.name)],
              ['acts as', made.principal],
              ['connects at', made.control],
            ]),
            'The credential is shown this once. Keep it in a file of mode 0600, and start the agent with:',
            `  HANSA_CONTROL=${made.control}`,
            '  HANSA_CREDENTIAL_FILE=/path/of/that/file',
          ].join('\n'),
        )
        return undefined
      }),
    )
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list agents that hold a credential',
      examples: ['hansa agent list', 'hansa agent list --json | jq ".[].name"'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const agents = await sponsored(home)
        print.result(agents, (style) => {
          if (agents.length === 0) return 'No agent holds a credential. Make one with: hansa agent add NAME'
          const rows = agents.map(({ name, principal, created, sponsors }) => [
            style.name(name),
            principal,
            time(created),
            sponsors.find(({ state }) => state === 'valid')?.sponsor ?? 'nobody',
          ])
          return table(style, ['agent', 'acts as', 'since', 'vouched for by'], rows)
        })
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show an agent, and who vouches for it',
      examples: ['hansa agent show reporter'],
    })
    .argument('<name>', 'as shown by: hansa agent list')
    .action(
      cli.action(async ({ home, print, args: [name] }) => {
        const agent = (await sponsored(home)).find((one) => one.name === name)
        if (agent === undefined) throw failed(`There is no agent ${name}. See: hansa agent list`)
        print.result(agent, (style) =>
          [
            facts(style, [
              ['agent', style.name(agent.name)],
              ['acts as', agent.principal],
              ['since', time(agent.created)],
              ['sponsor', agent.sponsors.length === 0 ? 'nobody vouches for it; see: hansa sponsor --help' : undefined],
            ]),
            ...agent.sponsors.map(({ state, sponsor, purpose, exp }) =>
              facts(style, [
                ['sponsor', sponsor],
                ['  purpose', purpose],
                ['  until', time(exp)],
                ['  claim', state === 'valid' ? style.good(state) : style.bad(state)],
              ]),
            ),
          ].join('\n'),
        )
        return undefined
      }),
    )
}

/** Agents, each with the claims about its principal. */
async function sponsored(home: string) {
  const { controlClient } = await import('../control-client.ts')
  await using client = await controlClient(home)
  const claims = await client.call('sponsors', {})
  const agents = await client.call('agents', {})
  return agents.map((agent) => ({ ...agent, sponsors: claims.filter((claim) => claim.agent === agent.principal) }))
}

function removeCommand(cli: Cli): Command {
  return cli
    .command('remove', {
      summary: 'take the credential of an agent away',
      description:
        'Takes the credential of an agent away, at once: its calls are cancelled and its connections end. What it served stays listed as unavailable.',
      examples: ['hansa agent remove reporter'],
    })
    .argument('<name>', 'as shown by: hansa agent list')
    .action(
      cli.action(async ({ home, print, args: [name] }) => {
        const { ask } = await import('../control-client.ts')
        await ask(home, 'agentRemove', { name })
        print.result(
          { removed: name },
          (style) => `The credential of ${style.name(String(name))} is refused from now on.`,
        )
        return undefined
      }),
    )
}
