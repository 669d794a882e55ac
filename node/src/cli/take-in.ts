/** Changes the configuration of a home, and has its node take the change in when one runs. */
import { type NodeReload, parseCapabilityRef } from '@hansa/protocols'
import { changeConfig } from '../config/change-config.ts'
import type { ConfigEdit } from '../config/edit-config.ts'
import type { Environment } from '../config/index.ts'
import { homePaths } from '../home/home-paths.ts'
import { systemClock } from '../system-clock.ts'
import { controlClient } from './control-client.ts'
import { failed } from './errors.ts'
import { unlessInterrupted } from './interruption.ts'
import type { Style } from './print.ts'

/** `reload` is undefined when no node runs in the home: it takes the change in when it starts. */
export type TakenIn = { config: string; reload?: Extract<NodeReload, { ok: true }> }

/** @throws CliError `failed` with everything that the node found; the configuration is as it was then. */
export async function takeIn(home: string, environment: Environment, edit: ConfigEdit): Promise<TakenIn> {
  const { config } = homePaths(home)
  let reload: TakenIn['reload']
  const use = async () => {
    const stopped = `Stopped before the node had an answer, and ${config} is as it was. If the node took it in meanwhile, take that back with: hansa reload`
    const answer = await reloadNode(home, stopped).catch((error: unknown) => {
      if (codeOf(error) === 'node_not_running') return undefined
      throw error
    })
    if (answer?.ok === false)
      throw failed(`The node cannot take it in, and ${config} is as it was:\n  ${answer.faults.join('\n  ')}`)
    reload = answer
  }
  await changeConfig({ path: config, environment, edit, clock: systemClock, use })
  return { config, ...(reload === undefined ? {} : { reload }) }
}

async function reloadNode(home: string, stopped: string): Promise<NodeReload> {
  await using client = await controlClient(home)
  return await unlessInterrupted(client.call('reload', {}), stopped)
}

export function takenInText(style: Style, { config, reload }: TakenIn): string {
  if (reload === undefined) return `${style.good('Written')} to ${config}. The node takes it in when it starts.`
  return [`${style.good('Written')} to ${config}, and in force.`, ...reloadLines(reload)].join('\n')
}

export function reloadLines({ added, removed, changed, needsRestart }: Extract<NodeReload, { ok: true }>): string[] {
  const line = (what: string, refs: readonly string[]) => (refs.length === 0 ? [] : [`${what}: ${refs.join(', ')}`])
  const restart = needsRestart.map((key) => `${key} changed: needs a restart`)
  return [...line('added', added), ...line('removed', removed), ...line('changed', changed), ...restart]
}

export function codeOf(error: unknown): string | undefined {
  return (error as { detail?: { code?: string } } | undefined)?.detail?.code
}

export function isOwnId(text: string): boolean {
  const ref = parseCapabilityRef(text)
  return ref !== undefined && ref.alias === undefined
}
