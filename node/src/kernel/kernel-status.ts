import type { KernelStatus } from '@hansa/protocols'
import type { KernelParts } from './kernel-parts.ts'

type Shown = Pick<
  KernelParts,
  | 'did'
  | 'name'
  | 'endpoint'
  | 'ledger'
  | 'policy'
  | 'locals'
  | 'imports'
  | 'approvals'
  | 'nowMs'
  | 'content'
  | 'witnessing'
>

/** What an operator sees first: who this is, and whether anything waits. @param startedMs unix ms */
export async function kernelStatus(parts: Shown, startedMs: number): Promise<KernelStatus> {
  const { did, name, endpoint, ledger, policy, locals, imports, approvals, nowMs } = parts
  const { root } = ledger.head()
  const { bytes, maxBytes, used } = ledger.room
  const content = parts.content.status
  const limit = maxBytes === undefined || used === undefined ? {} : { maxBytes, used }
  return {
    did,
    name,
    endpoint: endpoint ?? null,
    uptime: Math.floor((nowMs() - startedMs) / 1000),
    log: { origin: ledger.origin, vkey: ledger.vkey, size: ledger.size, root, bytes, full: ledger.full, ...limit },
    policy: { version: policy.version, rules: policy.current.rules.length },
    capabilities: locals.size,
    peers: (await imports.peers()).length,
    pendingApprovals: approvals.list().filter(({ state }) => state === 'pending').length,
    witnessing: parts.witnessing.status(),
    ...(content === undefined ? {} : { content }),
  }
}
