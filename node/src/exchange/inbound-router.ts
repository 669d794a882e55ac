/** Which part of the kernel answers which path. One place for limits of bodies, and for what a fault looks like outside. */
import type { EventLogger, InboundHandler, InboundReply, InboundRequest } from '@hansa/protocols'
import {
  exchangePaths,
  httpStatus,
  identityPath,
  isCode,
  logPath,
  MAX_AGREEMENT_REQUEST_BYTES,
  MAX_CALL_BYTES,
  MAX_ENDORSEMENTS_QUESTION_BYTES,
  MAX_HEADS_REQUEST_BYTES,
  MAX_INCLUSION_QUESTION_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_NOTICE_REQUEST_BYTES,
  MAX_REPLICA_QUESTION_BYTES,
  MAX_REPLICA_RECORDS_BYTES,
  MAX_REVEAL_BYTES,
  MAX_REVOCATION_STATUS_BYTES,
  MAX_STANDING_QUESTION_BYTES,
  witnessedCheckpointPath,
} from '@hansa/protocols'
import { MAX_SUBMISSION_BYTES } from '@hansa/trust/ledger'
import { faultFields } from '../kernel/fault-fields.ts'
import { CallFault } from './call-fault.ts'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { MAX_ACKS_BYTES } from './serve-acks.ts'

type Serve = (request: InboundRequest) => Promise<InboundReply>

export type InboundServices = {
  manifest: Serve
  hello: Serve
  proof: Serve
  call: Serve
  decide: Serve
  acks: Serve
  reveal: Serve
  inclusion: Serve
  standing: Serve
  endorsements: Serve
  invoke: Serve
  heads: Serve
  revocations: Serve
  addCheckpoint: Serve
  witnessed: Serve
  log: Serve
  identity: Serve
  notices: Serve
  agreements: Serve
  replicaPlaces: Serve
  replicaRecords: Serve
  replicaPush: Serve
}

type Route = { method: 'GET' | 'POST'; maxBytes: number; serve: keyof InboundServices }

const HANDSHAKE_BYTES = 65_536

export const inboundRoutes: Readonly<Record<string, Route>> = {
  [exchangePaths.manifest]: { method: 'GET', maxBytes: 0, serve: 'manifest' },
  [exchangePaths.manifestAlias]: { method: 'GET', maxBytes: 0, serve: 'manifest' },
  [exchangePaths.hello]: { method: 'POST', maxBytes: HANDSHAKE_BYTES, serve: 'hello' },
  [exchangePaths.proof]: { method: 'POST', maxBytes: MAX_MANIFEST_BYTES + HANDSHAKE_BYTES, serve: 'proof' },
  [exchangePaths.call]: { method: 'POST', maxBytes: MAX_CALL_BYTES, serve: 'call' },
  [exchangePaths.decide]: { method: 'POST', maxBytes: MAX_CALL_BYTES, serve: 'decide' },
  [exchangePaths.acks]: { method: 'POST', maxBytes: MAX_ACKS_BYTES, serve: 'acks' },
  [exchangePaths.reveal]: { method: 'POST', maxBytes: MAX_REVEAL_BYTES, serve: 'reveal' },
  [exchangePaths.inclusion]: { method: 'POST', maxBytes: MAX_INCLUSION_QUESTION_BYTES, serve: 'inclusion' },
  [exchangePaths.standing]: { method: 'POST', maxBytes: MAX_STANDING_QUESTION_BYTES, serve: 'standing' },
  [exchangePaths.endorsements]: { method: 'POST', maxBytes: MAX_ENDORSEMENTS_QUESTION_BYTES, serve: 'endorsements' },
  [exchangePaths.invoke]: { method: 'POST', maxBytes: MAX_CALL_BYTES, serve: 'invoke' },
  [exchangePaths.notices]: { method: 'POST', maxBytes: MAX_NOTICE_REQUEST_BYTES, serve: 'notices' },
  [exchangePaths.agreements]: { method: 'POST', maxBytes: MAX_AGREEMENT_REQUEST_BYTES, serve: 'agreements' },
  [exchangePaths.heads]: { method: 'POST', maxBytes: MAX_HEADS_REQUEST_BYTES, serve: 'heads' },
  [exchangePaths.revocations]: { method: 'POST', maxBytes: MAX_REVOCATION_STATUS_BYTES, serve: 'revocations' },
  [exchangePaths.replicaPlaces]: { method: 'POST', maxBytes: MAX_REPLICA_QUESTION_BYTES, serve: 'replicaPlaces' },
  [exchangePaths.replicaRecords]: { method: 'POST', maxBytes: MAX_REPLICA_QUESTION_BYTES, serve: 'replicaRecords' },
  [exchangePaths.replicaPush]: { method: 'POST', maxBytes: MAX_REPLICA_RECORDS_BYTES, serve: 'replicaPush' },
  [exchangePaths.addCheckpoint]: { method: 'POST', maxBytes: MAX_SUBMISSION_BYTES, serve: 'addCheckpoint' },
}

/** By path, where a part of the path is data. */
const patternRoutes: readonly [RegExp, Route][] = [
  [witnessedCheckpointPath, { method: 'GET', maxBytes: 0, serve: 'witnessed' }],
  [logPath, { method: 'GET', maxBytes: 0, serve: 'log' }],
  [identityPath, { method: 'GET', maxBytes: 0, serve: 'identity' }],
]

function routeOf(path: string): Route | undefined {
  if (Object.hasOwn(inboundRoutes, path)) return inboundRoutes[path]
  return patternRoutes.find(([pattern]) => pattern.test(path))?.[1]
}

/** Largest body of a request for this path; nothing is read for one that is answered by nobody. */
export function maxInboundBytes(path: string): number {
  return routeOf(path)?.maxBytes ?? 0
}

export type InboundRouterComponents = { services: InboundServices; refusals: RefusalCounter; logger: EventLogger }

export function inboundRouter({ services, refusals, logger }: InboundRouterComponents): InboundHandler {
  return {
    async handle(request) {
      const route = routeOf(request.path)
      if (route === undefined) return refusalReply(refusals, request.source, 'not_found', 'no such path')
      if (route.method !== request.method)
        return refusalReply(refusals, request.source, 'invalid_request', 'wrong method')
      if (request.body.length > route.maxBytes)
        return refusalReply(refusals, request.source, 'invalid_request', 'body too large')
      try {
        return await services[route.serve](request)
      } catch (error) {
        return faultReply(error, logger, request.path)
      }
    },
  }
}

/** What went wrong inside is nobody's business outside: a code of the list, or `internal`. */
function faultReply(thrown: unknown, logger: EventLogger, path: string): InboundReply {
  const error = thrown instanceof CallFault ? thrown.cause : thrown
  const code = (error as { detail?: { code?: unknown } } | undefined)?.detail?.code
  const known = typeof code === 'string' && isCode(code) ? code : 'internal'
  // A log at its limit refuses, it does not fail: `log.full` said it once, and whoever calls must not fill the lines.
  if (isAtLimit(error)) return jsonReply({ code: known }, httpStatus[known])
  const about = thrown instanceof CallFault ? { call_id: thrown.callId, peer: thrown.peer } : {}
  logger.error('inbound.failed', { path, ...about, ...faultFields(error), code: known })
  return jsonReply({ code: known }, httpStatus[known])
}

function isAtLimit(error: unknown): boolean {
  const { code, maxBytes } = (error as { detail?: { code?: unknown; maxBytes?: unknown } } | undefined)?.detail ?? {}
  return code === 'log_full' && maxBytes !== undefined
}
