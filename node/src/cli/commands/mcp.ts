import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted, table } from '../table.ts'

type Options = { stdio?: boolean; url?: string; credentialFile?: string }

/** What a host is told, by where it keeps it. */
const hosts = {
  claude: 'mcpServers',
  vscode: 'servers',
} as const
type Host = keyof typeof hosts

export function mcpCommand(cli: Cli): Command {
  const command = placed(
    cli.command('mcp', {
      summary: 'plug what this node may call into an MCP host',
      description:
        'With --stdio it speaks MCP on standard input and output, as hosts start it: every capability that is open to the caller, of this node and of the kernels it imported, is a tool, a prompt or a resource there. Each call passes the policies and firewalls and is logged. Calls are made as the principal of hansa.yaml, or as the agent of a credential.',
      examples: [
        'hansa mcp --stdio',
        'hansa mcp --stdio --credential-file claude.credential',
        'hansa mcp --stdio --url https://mcp.example --credential-file claude.credential',
        'hansa mcp config claude',
        'hansa mcp tools',
      ],
    }),
  )
    .option('--stdio', 'speak MCP on standard input and output until the host has ended')
    .enablePositionalOptions()
    .action(
      cli.action<Options>(async ({ home, options, stdin, stdout }) => {
        if (options.stdio !== true) {
          const { usage } = await import('../errors.ts')
          throw usage('hansa mcp takes --stdio, or one of the commands that hansa mcp --help names.')
        }
        await using place = await placeOf(home, options)
        const { mcpStdio } = await import('../mcp-stdio.ts')
        const { systemClock } = await import('../../system-clock.ts')
        await mcpStdio({ place, clock: systemClock, stdin, stdout })
        return exitCodes.ok
      }),
    )
  command.addCommand(toolsCommand(cli)).addCommand(configCommand(cli))
  return command
}

function toolsCommand(cli: Cli): Command {
  return placed(
    cli.command('tools', {
      summary: 'list the tools that an MCP host sees',
      description:
        'Asks the endpoint as a host does, and lists the tools that are open to the caller, with the capability behind each. Policies decide what is open: hansa call ID --explain says why something is not.',
      examples: ['hansa mcp tools', 'hansa mcp tools --credential-file claude.credential --json'],
    }),
  ).action(
    cli.action<Options>(async ({ home, print, options }) => {
      await using place = await placeOf(home, options)
      const { mcpTools } = await import('../mcp-tools.ts')
      const tools = await mcpTools(place)
      print.result(tools, (style) => {
        if (tools.length === 0) return 'No tool is open to this caller. See what there is with: hansa capabilities'
        const rows = tools.map(({ name, capability, hints, title }) => [style.name(name), capability, hints, title])
        return table(style, ['tool', 'capability', 'hints', 'title'], rows)
      })
      print.note(() => `${counted(tools.length, 'tool')} at ${place.name}`)
      return exitCodes.ok
    }),
  )
}

function configCommand(cli: Cli): Command {
  return placed(
    cli.command('config', {
      summary: 'print what a host has to be told',
      description:
        'Prints the entry for the configuration of an MCP host, with absolute paths. claude: claude_desktop_config.json of Claude Desktop, .mcp.json of Claude Code and of most other hosts; vscode: .vscode/mcp.json.',
      examples: ['hansa mcp config claude', 'hansa mcp config vscode --credential-file vscode.credential'],
    }),
  )
    .argument('<host>', 'claude or vscode')
    .action(
      cli.action<Options>(async ({ home, print, options, args: [host] }) => {
        const { usage } = await import('../errors.ts')
        const { resolve } = await import('node:path')
        if (!Object.hasOwn(hosts, String(host))) throw usage(`The host is ${Object.keys(hosts).join(' or ')}.`)
        const file = options.credentialFile
        const shown = file === undefined ? [] : ['--credential-file', resolve(file)]
        const where = options.url === undefined ? ['--home', home] : ['--url', options.url]
        const server = { command: 'hansa', args: ['mcp', '--stdio', ...where, ...shown] }
        const entry = host === 'vscode' ? { type: 'stdio', ...server } : server
        const config = { [hosts[host as Host]]: { hansa: entry } }
        print.result(config, () => JSON.stringify(config, null, 2))
        return exitCodes.ok
      }),
    )
}

function placed(command: Command): Command {
  return command
    .option('--url <url>', 'of the endpoint, or of the listener for agents (default: the node of the home)')
    .option('--credential-file <file>', 'as an agent, with the credential in the file, as hansa agent add printed it')
}

async function placeOf(home: string, { url, credentialFile }: Options) {
  const { mcpPlace } = await import('../mcp-place.ts')
  const { readCredential } = await import('../call-input.ts')
  return mcpPlace(home, url, credentialFile === undefined ? undefined : await readCredential(credentialFile))
}
