/** Where agents and the operator connect, with whatever is spoken there besides the control interface. */
import type { EventLogger } from '@hansa/protocols'
import type { NodeConfig } from '../config/index.ts'
import { type ControlServer, controlServer, type NodeOperations } from '../control/index.ts'
import type { Mount } from '../control/mount.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { defaultMcpSettings, type McpObserver } from '../mcp-server/index.ts'
import { systemClock } from '../system-clock.ts'
import { agentsServer } from './agents-server.ts'
import { announceControl, controlPlace } from './control-place.ts'
import { openMcp } from './open-mcp.ts'

export type OpenListenersComponents = {
  home: string
  config: NodeConfig
  kernel: AssembledKernel
  node: NodeOperations
  logger: EventLogger
  /** Roots in PEM besides those of Node. */
  ca: string | undefined
  /** @default nobody counts */
  mcpObserver: McpObserver | undefined
}

export type Listeners = { control: ControlServer; agents: ControlServer | undefined }

/** @throws ControlServerError. What was opened is in `resources`. */
export async function openListeners(
  opening: OpenListenersComponents,
  resources: AsyncDisposableStack,
): Promise<Listeners> {
  const { home, config, kernel, node, logger, mcpObserver: observer } = opening
  const components = { kernel, node, principal: config.principal, logger, clock: systemClock }
  const { name = '', mcp: settings = defaultMcpSettings } = config
  const mcp = resources.use(openMcp({ ...components, name, settings, ...(observer === undefined ? {} : { observer }) }))
  const mounts = [...mcp.agents, ...(await a2aMounts(opening, resources))]
  const agents = config.agents && resources.use(await agentsServer({ ...components, mounts }, config.agents))
  const place = controlPlace(home)
  const listen = place.kind === 'unix' ? place : { kind: place.kind, port: 0, tokenFile: place.tokenFile }
  const agentsUrl = agents === undefined ? {} : { agentsUrl: agents.url }
  const control = await controlServer({ ...components, mounts: mcp.operator, listen, ...agentsUrl })
  resources.use(control)
  resources.defer(await announceControl(place, control.url))
  return { control, agents }
}

/** What it needs is loaded only by a node that speaks it. */
async function a2aMounts(
  { config, kernel, logger, ca }: OpenListenersComponents,
  resources: AsyncDisposableStack,
): Promise<Mount[]> {
  if (config.a2a === undefined) return []
  const { openA2a } = await import('./open-a2a.ts')
  const components = { kernel, logger, clock: systemClock, ...(ca === undefined ? {} : { ca }) }
  return [resources.use(await openA2a(config.a2a, config, components)).mount]
}
