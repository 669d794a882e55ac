import type { CapabilityDetail } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { facts, time } from '../table.ts'
import { sourceOf, stateText } from './capabilities.ts'

export function capabilityShowCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show everything that is known of one capability',
      description:
        'Shows a capability with its schemas, obligations and limits, where it comes from, what of it waits for a person, and the rules of the policy in force whose resource matches it.',
      examples: ['hansa capability show files.read_text_file', 'hansa capability show orgb/invoices.list --json'],
    })
    .argument('<capability>', 'as shown by: hansa capability list')
    .action(
      cli.action(async ({ home, print, args: [ref] }) => {
        const { ask } = await import('../control-client.ts')
        const detail = await ask(home, 'capability', { ref })
        print.result(detail, (style) => detailText(style, detail))
        return undefined
      }),
    )
}

export function detailText(style: Style, detail: CapabilityDetail): string {
  const { ref, title, description, state, reason, safety, sensitivity, obligations, limits, hash, tool } = detail
  const about = facts(style, [
    ['capability', style.name(ref)],
    ['title', title === ref ? undefined : title],
    ['state', reason === undefined ? stateText(style, state) : `${stateText(style, state)}: ${reason}`],
    ['since', detail.since === undefined ? undefined : time(Math.floor(detail.since / 1000))],
    ['class', state === 'unclassified' ? 'none yet; it counts as DESTRUCTIVE' : safety],
    ['labels', sensitivity.join(', ') || 'none'],
    ['source', sourceOf(detail)],
    ['peer', detail.peer],
    ['version', detail.version],
    ['tags', detail.tags.join(', ') || undefined],
    ['idempotent', detail.idempotent === undefined ? undefined : detail.idempotent ? 'yes' : 'no'],
    ['obligations', obligations.join(', ') || 'none'],
    ['limits', listed(limits)],
    ['hash', hash],
    ...toolFacts(tool),
  ])
  const parts = [
    about,
    block(style, 'description', description),
    block(style, 'arguments', detail.inputSchema),
    block(style, 'result', detail.outputSchema ?? 'untrusted text: no output schema is declared'),
    block(style, 'changed since, waits for you', detail.changes.join('\n')),
    block(style, 'rules that would be looked at', rulesText(style, detail)),
  ]
  return parts.filter((part) => part !== undefined).join('\n\n')
}

function toolFacts(tool: CapabilityDetail['tool']): [string, string | undefined][] {
  if (tool === undefined) return []
  const claims = tool.annotations === undefined ? 'nothing' : JSON.stringify(tool.annotations)
  const pinned = tool.pinned === undefined ? ', pinned until this node ends' : ''
  return [
    ['offered as', `${offeredAs(tool)} of the ${tool.kind === 'skill' ? 'agent' : 'MCP server'} ${tool.server}`],
    ['digest', `${tool.digest}${tool.pinned === tool.digest ? ', pinned in the configuration' : pinned}`],
    ['claims', `${claims}, which nothing is decided by`],
    ['found', tool.found && `${tool.found.join(', ')}: look closely at what is said of it`],
  ]
}

function offeredAs({ kind, name }: NonNullable<CapabilityDetail['tool']>): string {
  return kind === 'resource' ? 'the resources' : `the ${kind} ${JSON.stringify(name)}`
}

function rulesText(style: Style, { rules }: CapabilityDetail): string {
  if (rules.length === 0) return 'None: every call of it is denied.'
  const line = ({ id, effect, subject, action, resource, when }: CapabilityDetail['rules'][number]) => {
    const condition = when === undefined ? '' : `, when ${when}`
    return `${style.name(id)}  ${effect}  ${subject.join(' ')}  ${action.join(' ')}  ${resource.join(' ')}${condition}`
  }
  return rules.map(line).join('\n')
}

function listed(members: object): string {
  const parts = Object.entries(members).map(([name, value]) => `${name} ${value}`)
  return parts.join(', ') || 'those of its class'
}

function block(style: Style, name: string, text: string): string | undefined {
  if (text === '') return undefined
  return `${style.dim(name)}\n${text.replace(/^/gm, '  ')}`
}
