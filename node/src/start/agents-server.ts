/** The listener of agents that are not of this account, as the configuration names it. */
import type { AgentsListen } from '../config/agents-listen.ts'
import { type ControlServer, type ControlServerInit, controlServer } from '../control/index.ts'

/** @throws ControlServerError */
export function agentsServer(
  components: Omit<ControlServerInit, 'listen' | 'agentsUrl'>,
  at: AgentsListen,
): Promise<ControlServer> {
  const listen =
    at.kind === 'unix'
      ? { kind: 'agents_unix' as const, path: at.path, mode: at.mode }
      : { kind: 'agents_loopback' as const, port: at.port }
  return controlServer({ ...components, listen })
}
