/** What can be known to keep a node from starting before anything of it is opened; all of it at once. */
import { createServer } from 'node:net'
import { compilePolicy, type PolicySource } from '@hansa/trust'
import { faultLine, type ListenAddress, type PolicyReading, readPolicies } from '../config/index.ts'
import { hostAndPort } from '../host-and-port.ts'

export type PolicyCheck = { ok: true; sources: PolicySource[] } | { ok: false; faults: string[] }

/** @returns the sources, or a sentence for each fault of each file. */
export async function checkedPolicies(paths: readonly string[]): Promise<PolicyCheck> {
  return checkPolicies(await readPolicies(paths))
}

export function checkPolicies({ sources, faults: unread }: PolicyReading): PolicyCheck {
  const compiled = compilePolicy(sources)
  const faults = [...unread.map(faultLine), ...(compiled.ok ? [] : compiled.faults.map(policyFaultLine))]
  return faults.length > 0 ? { ok: false, faults } : { ok: true, sources }
}

/** `policy.yaml:3: rule "reads": ...`. */
export function policyFaultLine(fault: { source: string; line?: number; rule?: string; reason: string }): string {
  const place = fault.line === undefined ? fault.source : `${fault.source}:${fault.line}`
  return fault.rule === undefined ? `${place}: ${fault.reason}` : `${place}: rule "${fault.rule}": ${fault.reason}`
}

export type PortState = { free: true } | { free: false; code: string; reason: string }

/** Whether the address can be listened on now. */
export function portState({ host, port }: ListenAddress): Promise<PortState> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ free: false, code: error.code ?? '', reason: error.message }),
    )
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve({ free: true })))
  })
}

/** @returns a sentence that says what to do, or none. */
export function portFaults({ host, port }: ListenAddress, state: PortState): string[] {
  if (state.free) return []
  const address = hostAndPort(host, port)
  if (state.code === 'EADDRINUSE')
    return [
      `Another process listens on ${address}. Stop it, or set another port with \`listen\` in hansa.yaml or --listen.`,
    ]
  return [`This machine cannot listen on ${address} (${state.reason}). Correct \`listen\` in hansa.yaml or --listen.`]
}
