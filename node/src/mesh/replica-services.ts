/** The three paths by which other kernels exchange records with this one. */
import { type ReplicaAnswer, type ServeReplicaComponents, serveReplica } from '@hansa/mesh'
import type { InboundReply, InboundRequest } from '@hansa/protocols'
import { jsonReply, refusalReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'

type Serve = (request: InboundRequest) => Promise<InboundReply>

export type ReplicaServices = {
  services: Record<'replicaPlaces' | 'replicaRecords' | 'replicaPush', Serve>
  close(): void
}

export function replicaServices({
  refusals,
  ...components
}: ServeReplicaComponents & { refusals: RefusalCounter }): ReplicaServices {
  const service = serveReplica(components)
  const reply = (answer: ReplicaAnswer, { source }: InboundRequest) =>
    answer.ok ? jsonReply(answer.body) : refusalReply(refusals, source, answer.code, answer.reason)
  return {
    services: {
      replicaPlaces: async (request) => reply(await service.places(request), request),
      replicaRecords: async (request) => reply(await service.records(request), request),
      replicaPush: async (request) => reply(await service.push(request), request),
    },
    close: () => service.close(),
  }
}
