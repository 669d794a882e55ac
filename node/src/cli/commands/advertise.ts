import type { SignedManifest } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { facts, table, time } from '../table.ts'

export function advertiseCommand(cli: Cli): Command {
  return cli
    .command('advertise', {
      summary: 'show the signed manifest of this node, or what directories of others take',
      description:
        'Shows the manifest that this node serves at /.well-known/hansa/manifest. With --jws as it travels: whoever has it can verify it, and it names the key of the log. With --format for directories of others, from the agent card of the node: the card itself (a2a), a record of AGNTCY (oasf), a catalogue of Agentic Resource Discovery (ard), a server.json of the MCP registry (mcp-registry).',
      examples: [
        'hansa advertise',
        'hansa advertise --jws > orgb.manifest',
        'hansa advertise --format ard > ai-catalog.json',
      ],
    })
    .option('--jws', 'print the signed manifest itself')
    .addOption(new Option('--format <format>', 'what another directory takes').choices(formats).conflicts('jws'))
    .action(
      cli.action<{ jws?: boolean; format?: Format }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        if (options.format !== undefined) {
          const record = await recordOf(options.format, home)
          print.result(record, () => JSON.stringify(record, undefined, 2))
          return undefined
        }
        const signed = await ask(home, 'advertise', {})
        print.result(signed, (style) => (options.jws === true ? signed.jws : manifestText(style, signed)))
        return undefined
      }),
    )
}

const formats = ['a2a', 'oasf', 'ard', 'mcp-registry'] as const
type Format = (typeof formats)[number]

async function recordOf(format: Format, home: string): Promise<object> {
  const { ask } = await import('../control-client.ts')
  const { AGENT_CARD_PATH, agentCardSchema, ardCatalog, mcpServerRecord, oasfRecord } = await import('@hansa/protocols')
  const { systemClock } = await import('../../system-clock.ts')
  const { text } = await ask(home, 'agentCard', {})
  if (format === 'a2a') return JSON.parse(text)
  const card = agentCardSchema.parse(JSON.parse(text))
  const { did: kernel } = await ask(home, 'status', {})
  const at = card.supportedInterfaces[0]?.url.replace(/\/a2a$/, '') ?? ''
  const init = { card, kernel, cardUrl: `${at}${AGENT_CARD_PATH}`, nowMs: systemClock.now() }
  if (format === 'oasf') return oasfRecord(init)
  if (format === 'ard') return ardCatalog(init)
  if (isLoopbackUrl(at))
    throw usage(
      'The MCP registry lists what everybody reaches: set a2a.public_url in hansa.yaml to the https URL of the proxy.',
    )
  return mcpServerRecord(init, `${at}/mcp`)
}

function isLoopbackUrl(text: string): boolean {
  return /^(?:127\.|localhost$|\[::1\]$)/.test(new URL(text).hostname)
}

function manifestText(style: Style, { manifest, hash }: SignedManifest): string {
  const { kernel_id: did, name, seq, exp, endpoints, logs, capabilities } = manifest
  const head = facts(style, [
    ['did', style.name(did)],
    ['name', name],
    ['seq', String(seq)],
    ['until', time(exp)],
    ['hash', hash],
    ['endpoints', endpoints.map(({ url }) => url).join(', ') || 'none: other kernels cannot reach it'],
    ['log keys', logs.map(({ vkey }) => vkey).join('\n            ')],
  ])
  if (capabilities.length === 0) return `${head}\n\nIt offers nothing yet.`
  const rows = capabilities.map(({ id, ver, safety, sensitivity, hash: own }) => [
    style.name(id),
    ver,
    safety,
    sensitivity.join(',') || '-',
    own,
  ])
  return `${head}\n\n${table(style, ['capability', 'version', 'safety', 'sensitivity', 'hash'], rows)}`
}
