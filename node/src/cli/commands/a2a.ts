import { type AgentCard, agentCardSchema } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { facts, table } from '../table.ts'

export function a2aCommand(cli: Cli): Command {
  return cli.group('a2a', 'see the card by which clients of A2A know this node', [cardCommand(cli)])
}

function cardCommand(cli: Cli): Command {
  return cli
    .command('card', {
      summary: 'show the agent card of this node',
      description:
        'Shows the card that this node serves where agents connect, at /.well-known/agent-card.json. Clients of A2A find its interfaces and skills there; it is signed by the key of the kernel. With --served as it is served, byte for byte. What a client may call it sees in its own card, with GetExtendedAgentCard.',
      examples: ['hansa a2a card', 'hansa a2a card --served > agent-card.json', 'hansa a2a card --json'],
    })
    .option('--served', 'print the very bytes that are served and signed')
    .action(
      cli.action<{ served?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const { text } = await ask(home, 'agentCard', {})
        const card = agentCardSchema.parse(JSON.parse(text))
        print.result(card, (style) => (options.served === true ? text : cardText(style, card)))
        return undefined
      }),
    )
}

function cardText(style: Style, card: AgentCard): string {
  const { name, description, version, provider, supportedInterfaces, securitySchemes = {}, skills, signatures } = card
  const interfaces = supportedInterfaces.map(
    ({ protocolBinding, protocolVersion, url }) => `${protocolBinding} ${protocolVersion} ${url}`,
  )
  const head = facts(style, [
    ['name', style.name(name)],
    ['about', description],
    ['provider', provider && `${provider.organization}, ${provider.url}`],
    ['version', version],
    ['interfaces', interfaces.join('\n            ')],
    ['shows', Object.keys(securitySchemes).join(', ') || 'nothing'],
    ['signed by', (signatures ?? []).map(({ protected: header }) => keyOf(header)).join(', ') || 'nobody'],
  ])
  if (skills.length === 0) return `${head}\n\nIt offers nothing yet.`
  const rows = skills.map(({ id, name: title, tags }) => [style.name(id), title, tags.join(' ')])
  return `${head}\n\n${table(style, ['skill', 'title', 'tags'], rows)}`
}

function keyOf(header: string): string {
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }
  return String(kid)
}
