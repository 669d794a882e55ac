/** Admits a request of a mount, and hands it over. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AgentShares, RequestShare } from './agent-shares.ts'
import type { ControlCaller } from './control-caller.ts'
import type { ControlFault } from './control-fault.ts'
import { type Admit, refusePage } from './control-request.ts'
import type { GuessBudget } from './guess-budget.ts'
import { type Mount, pathOf, type Visit } from './mount.ts'

export type MountedContext = {
  admit: Admit
  kind: 'unix' | 'loopback'
  guesses: GuessBudget
  shares: AgentShares
  principal: string
  base: string
  /** Answers with a fault, once the body was passed over. */
  refuse(fault: ControlFault): Promise<void>
  tooManyOpen: ControlFault
  signal: AbortSignal
}

export async function respondMounted(
  mount: Mount,
  request: IncomingMessage,
  response: ServerResponse,
  context: MountedContext,
): Promise<void> {
  const { admit, guesses, base, refuse, signal } = context
  const path = pathOf(request)
  if (mount.isPublic(path)) {
    const page = refusePage(request, context.kind, mount.names)
    return page === undefined ? visit(undefined) : refuse(page.fault)
  }
  const admission = await admit(request, mount.names)
  if (admission.ok) return visit(admission.caller)
  if (admission.fault.body.error.code !== 'token_rejected') return refuse(admission.fault)
  if (!(await guesses.wait(signal))) return void response.destroy()
  response.setHeader('www-authenticate', mount.challenge(base, request))
  return refuse(admission.fault)

  async function visit(caller: ControlCaller | undefined): Promise<void> {
    const share = context.shares.begin(caller ?? { scope: 'agent', agent: nobody(signal) })
    if (share === undefined) return refuse(context.tooManyOpen)
    response.once('close', share.end)
    await mount.handle(request, response, visitOf(path, caller, share, context))
  }
}

function visitOf(
  path: string,
  caller: ControlCaller | undefined,
  share: RequestShare,
  { principal, base, signal }: MountedContext,
): Visit {
  if (caller?.scope !== 'agent') return { path, caller, principal, base, share, signal }
  const { agent } = caller
  const ends = AbortSignal.any([signal, agent.removed])
  return { path, caller, principal: agent.principal, base, share, signal: ends }
}

/** All who show nothing share what one agent may take. */
function nobody(removed: AbortSignal) {
  return { name: 'anybody', principal: '', removed }
}
