/** Where agents and the operator connect, with whatever is spoken there besides the control interface. */
import type { EventLogger } from '@hansa/protocols'
import type { NodeConfig } from '../config/index.ts'
import { type ControlServer, controlServer, type NodeOperations } from '../control/index.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { defaultMcpSettings, type McpObserver } from '../mcp-server/index.ts'
import { systemClock } from '../system-clock.ts'
import { agentsServer } from './agents-server.ts'
import { announceControl, controlPlace } from './control-place.ts'
import type { OpenedA2a } from './open-a2a.ts'
import { openMcp } from './open-mcp.ts'

export type OpenListenersComponents = {
  home: string
  config: NodeConfig
  kernel: AssembledKernel
  node: NodeOperations
  logger: EventLogger
  /** @default it is not spoken */
  a2a: OpenedA2a | undefined
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
  const mounts = [...mcp.agents, ...(opening.a2a === undefined ? [] : [opening.a2a.mount])]
  const agents = config.agents && resources.use(await agentsServer({ ...components, mounts }, config.agents))
  const place = controlPlace(home)
  const listen = place.kind === 'unix' ? place : { kind: place.kind, port: 0, tokenFile: place.tokenFile }
  const agentsUrl = agents === undefined ? {} : { agentsUrl: agents.url }
  const control = await controlServer({ ...components, mounts: mcp.operator, listen, ...agentsUrl })
  resources.use(control)
  resources.defer(await announceControl(place, control.url))
  return { control, agents }
}
