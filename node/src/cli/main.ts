/**
 * The command line of a node. Only the command that is asked for is loaded, so that help is there at once; what it needs
 * of the kernel it loads itself.
 */
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { Cli, type CliComponents } from './cli.ts'
import { exitCodes, exitCodesHelp } from './exit-codes.ts'
import { withHyphenatedIds } from './hyphenated-ids.ts'
import { createPrint } from './print.ts'

type Entry = { name: string; summary: string; load(): Promise<(cli: Cli) => Command> }

const groups: readonly { heading: string; entries: readonly Entry[] }[] = [
  {
    heading: 'Run a node:',
    entries: [
      {
        name: 'init',
        summary: 'make a node: keys, configuration, policy',
        load: async () => (await import('./commands/init.ts')).initCommand,
      },
      {
        name: 'up',
        summary: 'run the node until it is told to stop',
        load: async () => (await import('./commands/up.ts')).upCommand,
      },
      {
        name: 'status',
        summary: 'show the running node',
        load: async () => (await import('./commands/status.ts')).statusCommand,
      },
      {
        name: 'logs',
        summary: 'show what the running node said, and what it says from now on',
        load: async () => (await import('./commands/logs.ts')).logsCommand,
      },
      {
        name: 'reload',
        summary: 'take in a changed configuration without a restart',
        load: async () => (await import('./commands/reload.ts')).reloadCommand,
      },
      {
        name: 'config',
        summary: 'check the configuration, and print its schema',
        load: async () => (await import('./commands/config.ts')).configCommand,
      },
      {
        name: 'doctor',
        summary: 'check everything that a node depends on',
        load: async () => (await import('./commands/doctor.ts')).doctorCommand,
      },
      {
        name: 'backup',
        summary: 'copy a node into one file, or check such a file',
        load: async () => (await import('./commands/backup.ts')).backupCommand,
      },
      {
        name: 'restore',
        summary: 'make a node out of a backup',
        load: async () => (await import('./commands/restore.ts')).restoreCommand,
      },
      {
        name: 'tls',
        summary: 'make and show the certificate of the node',
        load: async () => (await import('./commands/tls.ts')).tlsCommand,
      },
      {
        name: 'key',
        summary: 'show the public side of the keys of this node',
        load: async () => (await import('./commands/key.ts')).keyCommand,
      },
      {
        name: 'completion',
        summary: 'print the completion of this command for a shell',
        load: async () => (await import('./commands/completion.ts')).completionCommand,
      },
      {
        name: 'registry',
        summary: 'run a registry, and see what registries show',
        load: async () => (await import('./commands/registry.ts')).registryCommand,
      },
    ],
  },
  {
    heading: 'Other kernels:',
    entries: [
      {
        name: 'join',
        summary: 'take part in a mesh: know every kernel in it',
        load: async () => (await import('./commands/join.ts')).joinCommand,
      },
      {
        name: 'leave',
        summary: 'take no part in the mesh any more, and say so',
        load: async () => (await import('./commands/leave.ts')).leaveCommand,
      },
      {
        name: 'mesh',
        summary: 'see the mesh from this node',
        load: async () => (await import('./commands/mesh.ts')).meshCommand,
      },
      {
        name: 'peer',
        summary: 'make kernels known: add, remove, list, show',
        load: async () => (await import('./commands/peer.ts')).peerCommand,
      },
      {
        name: 'trust',
        summary: 'see what kernels may be trusted with, and vouch for them',
        load: async () => (await import('./commands/trust.ts')).trustCommand,
      },
      {
        name: 'advertise',
        summary: 'show the signed manifest of this node',
        load: async () => (await import('./commands/advertise.ts')).advertiseCommand,
      },
      {
        name: 'a2a',
        summary: 'see the card by which clients of A2A know this node',
        load: async () => (await import('./commands/a2a.ts')).a2aCommand,
      },
      {
        name: 'discover',
        summary: 'find kernels by URL, in a registry, or in the mesh',
        load: async () => (await import('./commands/discover.ts')).discoverCommand,
      },
      {
        name: 'search',
        summary: 'search what other kernels offer, as this node knows it',
        load: async () => (await import('./commands/search.ts')).searchCommand,
      },
      {
        name: 'import',
        summary: 'pin a kernel and make its capabilities callable',
        load: async () => (await import('./commands/import.ts')).importCommand,
      },
      {
        name: 'refresh',
        summary: 'look at what an imported kernel changed',
        load: async () => (await import('./commands/refresh.ts')).refreshCommand,
      },
      {
        name: 'unimport',
        summary: 'forget an imported kernel',
        load: async () => (await import('./commands/unimport.ts')).unimportCommand,
      },
      {
        name: 'peers',
        summary: 'list imported kernels',
        load: async () => (await import('./commands/peers.ts')).peersCommand,
      },
    ],
  },
  {
    heading: 'Calls:',
    entries: [
      {
        name: 'capability',
        summary: 'offer capabilities, and classify them',
        load: async () => (await import('./commands/capability.ts')).capabilityCommand,
      },
      {
        name: 'capabilities',
        summary: 'list what can be called',
        load: async () => (await import('./commands/capabilities.ts')).capabilitiesCommand,
      },
      {
        name: 'call',
        summary: 'call a capability, or explain what would happen',
        load: async () => (await import('./commands/call.ts')).callCommand,
      },
      {
        name: 'mcp',
        summary: 'plug what this node may call into an MCP host',
        load: async () => (await import('./commands/mcp.ts')).mcpCommand,
      },
      {
        name: 'route',
        summary: 'say who could serve a capability, and in which order',
        load: async () => (await import('./commands/route.ts')).routeCommand,
      },
      {
        name: 'delegate',
        summary: 'let another kernel act on what this one owns or was given',
        load: async () => (await import('./commands/delegate.ts')).delegateCommand,
      },
      {
        name: 'delegation',
        summary: 'chains of delegations: list, show, verify, add, remove',
        load: async () => (await import('./commands/delegation.ts')).delegationCommand,
      },
      {
        name: 'approvals',
        summary: 'list what waits for a person',
        load: async () => (await import('./commands/approvals.ts')).approvalsCommand,
      },
      {
        name: 'approve',
        summary: 'approve one action',
        load: async () => (await import('./commands/decide.ts')).approveCommand,
      },
      {
        name: 'deny',
        summary: 'deny one action',
        load: async () => (await import('./commands/decide.ts')).denyCommand,
      },
      {
        name: 'webhook',
        summary: 'have approvals told to a program of yours',
        load: async () => (await import('./commands/webhook.ts')).webhookCommand,
      },
      {
        name: 'agent',
        summary: 'give agents credentials, and take them away',
        load: async () => (await import('./commands/agent.ts')).agentCommand,
      },
      {
        name: 'issuer',
        summary: 'see whose tokens this node takes, and try them',
        load: async () => (await import('./commands/issuer.ts')).issuerCommand,
      },
      {
        name: 'sponsor',
        summary: 'vouch for agents, and keep who vouches for them',
        load: async () => (await import('./commands/sponsor.ts')).sponsorCommand,
      },
      {
        name: 'openapi',
        summary: 'print the control interface as an OpenAPI document',
        load: async () => (await import('./commands/openapi.ts')).openapiCommand,
      },
      {
        name: 'token',
        summary: 'grant, exchange and revoke tokens',
        load: async () => (await import('./commands/token.ts')).tokenCommand,
      },
      {
        name: 'revoke',
        summary: 'take back a token, capability, delegation, key or peer',
        load: async () => (await import('./commands/revoke.ts')).revokeCommand,
      },
      {
        name: 'revocations',
        summary: 'see what was taken back, here and by other kernels',
        load: async () => (await import('./commands/revocations.ts')).revocationsCommand,
      },
    ],
  },
  {
    heading: 'Policy and proof:',
    entries: [
      {
        name: 'policy',
        summary: 'check policy files, and put them in force',
        load: async () => (await import('./commands/policy.ts')).policyCommand,
      },
      {
        name: 'case',
        summary: 'look at cases, decide them, hear appeals',
        load: async () => (await import('./commands/case.ts')).caseCommand,
      },
      {
        name: 'agreement',
        summary: 'agree with other kernels on who may call what',
        load: async () => (await import('./commands/agreement.ts')).agreementCommand,
      },
      {
        name: 'break-glass',
        summary: 'make exceptions to the policy, by two persons',
        load: async () => (await import('./commands/break-glass.ts')).breakGlassCommand,
      },
      {
        name: 'audit',
        summary: 'read the log, export it, prove it, report on it',
        load: async () => (await import('./commands/audit.ts')).auditCommand,
      },
      {
        name: 'witness',
        summary: 'see who vouches for the log of this node',
        load: async () => (await import('./commands/witness.ts')).witnessCommand,
      },
      {
        name: 'verify',
        summary: 'verify a log, the logs of two kernels, or an audit export',
        load: async () => (await import('./commands/verify.ts')).verifyCommand,
      },
    ],
  },
]

const HELP_CODES = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version'])

/** @param argv without the program itself. @returns what the process exits with; nothing is thrown. */
export async function main(argv: readonly string[], components: CliComponents): Promise<number> {
  const cli = new Cli(components)
  const words = wordsOf(argv)
  const wanted = words.find((word) => !word.startsWith('-'))
  if (words[0] === '__complete') return complete(words.slice(1), cli, components)
  const program = programOf(cli)
  for (const { heading, entries } of groups) {
    program.commandsGroup(heading)
    for (const { name, summary, load } of entries) {
      program.addCommand(name === wanted ? (await load())(cli) : cli.plain(name).summary(summary))
    }
  }
  const { path, unknown } = pathOf(program, words)
  pointToHelp(program, 'hansa')
  // The parser answers a request for the help of what there is not with the help of what is above it.
  const asked = unknown ? words.filter((word) => word !== '--help' && word !== '-h') : words
  try {
    await program.parseAsync(withHyphenatedIds(asked), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (HELP_CODES.has(error.code)) return exitCodes.ok
    // For people the parser has said it already.
    if (words.includes('--json')) {
      const message = error.message.replace(/^error: /, '')
      createPrint({ ...components, json: true }).fault({ code: 'usage', message, remedy: helpOf(path) })
    }
    return exitCodes.usage
  }
  return cli.exit
}

/** `hansa`, `hansa help X` and `hansa version` as options say them. */
function wordsOf(argv: readonly string[]): string[] {
  if (argv.length === 0) return ['--help']
  if (argv[0] === 'version') return ['--version', ...argv.slice(1)]
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv]
}

/** The command that the words name, as it is typed; and whether they name one that there is not. */
function pathOf(program: Command, words: readonly string[]): { path: string; unknown: boolean } {
  let [command, path] = [program, 'hansa']
  for (const word of words) {
    if (word.startsWith('-') || command.commands.length === 0) continue
    const found = command.commands.find((one) => one.name() === word)
    if (found === undefined) return { path, unknown: true }
    command = found
    path = `${path} ${word}`
  }
  return { path, unknown: false }
}

function helpOf(path: string): string {
  return `See: ${path} --help`
}

/** After a mistake, each command names its own help. */
function pointToHelp(command: Command, path: string): void {
  command.showHelpAfterError(helpOf(path))
  for (const one of command.commands) pointToHelp(one, `${path} ${one.name()}`)
}

function programOf(cli: Cli): Command {
  // Options are read by the command that they stand behind: `search` has a `--version` of its own.
  return cli
    .plain('hansa')
    .usage('<command> [options]')
    .enablePositionalOptions()
    .version(VERSION, '-V, --version', 'print the version')
    .description('Runs a kernel of a federation: its own policy, firewall and log, and calls to other kernels.')
    .addHelpText('after', `\nEvery command has --help with an example, --json and --home.\n${exitCodesHelp}`)
}

/** What the shells ask; it needs every command, and it is for no person. */
async function complete(words: readonly string[], cli: Cli, components: CliComponents): Promise<number> {
  const { candidates } = await import('./completion/candidates.ts')
  const { lookUpIn } = await import('./completion/look-up.ts')
  const program = programOf(cli)
  for (const { load } of groups.flatMap(({ entries }) => entries)) program.addCommand((await load())(cli))
  const asked = words[0] === '--' ? words.slice(1) : words
  const found = await candidates(program, asked, lookUpIn(components.environment.home))
  if (found.length > 0) components.stdout.write(`${found.join('\n')}\n`)
  return exitCodes.ok
}
