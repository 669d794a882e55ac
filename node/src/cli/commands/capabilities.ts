import type { CapabilityInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { counted, table, time } from '../table.ts'

const text = {
  summary: 'list what can be called',
  description:
    "Lists capabilities: this node's own, and imported ones as alias/id. What nobody has classified, and what changed since, is listed and cannot be called.",
}

export function capabilitiesCommand(cli: Cli): Command {
  const examples = ['hansa capabilities', 'hansa capabilities --json | jq ".[].ref"']
  return listing(cli, cli.command('capabilities', { ...text, examples }))
}

export function capabilityListCommand(cli: Cli): Command {
  const examples = ['hansa capability list', `hansa capability list --json | jq '.[] | select(.state != "available")'`]
  return listing(cli, cli.command('list', { ...text, summary: 'list capabilities and what each waits for', examples }))
}

function listing(cli: Cli, command: Command): Command {
  return command.action(
    cli.action(async ({ home, print }) => {
      const { ask } = await import('../control-client.ts')
      const capabilities = await ask(home, 'capabilities', {})
      print.result(capabilities, (style) => listText(style, capabilities))
      return undefined
    }),
  )
}

function listText(style: Style, capabilities: readonly CapabilityInfo[]): string {
  if (capabilities.length === 0)
    return 'Nothing can be called. Offer something with: hansa capability add, or import a kernel with: hansa import URL'
  const rows = capabilities.map((capability) => [
    style.name(capability.ref),
    stateCell(style, capability),
    capability.state === 'unclassified' ? '-' : capability.safety,
    capability.sensitivity.join(',') || '-',
    sourceOf(capability),
    capability.title,
  ])
  const waiting = capabilities.filter(({ state }) => state === 'unclassified' || state === 'suspended').length
  const note = `${counted(waiting, 'capability waits', 'capabilities wait')} for a person. See why with: hansa capability show ID`
  const lines = table(style, ['capability', 'state', 'class', 'labels', 'source', 'title'], rows)
  return waiting === 0 ? lines : `${lines}\n\n${style.warn(note)}`
}

/** Why it waits for a person is longer, and shown by `show`. */
function stateCell(style: Style, { state, since, servedBy, reason, peer }: CapabilityInfo): string {
  const why = since === undefined ? reason : `since ${time(Math.floor(since / 1000))}: ${servedBy} is not connected`
  const told = stateText(style, state)
  if (why === undefined || (peer === undefined && since === undefined)) return told
  return since === undefined ? `${told}: ${why}` : `${told} ${why}`
}

export function stateText(style: Style, state: CapabilityInfo['state']): string {
  if (state === 'available') return style.good(state)
  return state === 'unclassified' || state === 'unavailable' ? style.warn(state) : style.bad(state)
}

/** Where it is configured, which program serves it, or whose it is and under which trust policy. */
export function sourceOf({ source, servedBy, peer, trustPolicy, ref }: CapabilityInfo): string {
  if (source !== undefined) return source
  if (servedBy !== undefined) return servedBy
  return peer === undefined ? 'this process' : `${ref.slice(0, ref.indexOf('/'))}, ${trustPolicy}`
}
