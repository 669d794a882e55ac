/** What a kernel does about logs together with other kernels: gossip and witnessing, opened in the order they need. */
import type { Did } from '@hansa/protocols'
import type { KernelComponents } from '../kernel/kernel-components.ts'
import { Witnessing, type WitnessingComponents, type WitnessingInit } from '../witness/witnessing.ts'
import { LogGossip, type LogGossipComponents } from './log-gossip.ts'

export type LogCompanyComponents = Omit<LogGossipComponents, 'keep'> &
  Omit<WitnessingComponents, 'seed' | 'evidence'> &
  Pick<KernelComponents, 'witnessSeed' | 'keepEvidence'>

export type LogCompany = {
  gossip: LogGossip
  witnessing: Witnessing
  /** Ends what is open with a kernel, both ways. */
  cutOff(peer: Did): void
  close(): void
}

/** @throws Error when what was kept cannot be read. */
export async function openLogCompany(
  components: LogCompanyComponents,
  init: WitnessingInit | undefined,
): Promise<LogCompany> {
  const { witnessSeed: seed, keepEvidence: keep } = components
  const gossip = await LogGossip.open({ ...components, keep })
  const witnessing = await Witnessing.open({ ...components, seed, evidence: gossip }, init)
  return {
    gossip,
    witnessing,
    cutOff(peer) {
      components.sessions.closePeer(peer)
      components.forget(peer)
    },
    close() {
      witnessing.close()
      gossip.close()
    },
  }
}
