/**
 * `POST /hansa/v1/invoke`: a call by whoever holds a token of this kernel, `Authorization: Hansa hkt1.…`. A token of any
 * other kernel is refused, whatever secret that kernel was configured with (security.md B4).
 */
import type { InboundReply, InboundRequest } from '@hansa/protocols'
import { capabilityRefSchema, httpStatus, isCode, MAX_TOKEN_CHARS } from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import { z } from 'zod'
import type { Invoke } from '../kernel/invoke.ts'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'

const SCHEME = 'Hansa '

/** The body: which capability, with which arguments. */
export const tokenInvokeSchema = z.strictObject({
  capability: capabilityRefSchema,
  args: z.unknown(),
  purpose: z.string().max(256).optional(),
  idempotency_key: z.string().max(128).optional(),
  deadline_ms: z.int().min(1).max(600_000).optional(),
})

export type ServeInvokeComponents = { invoke: Invoke; refusals: RefusalCounter }

export function serveInvoke({
  invoke,
  refusals,
}: ServeInvokeComponents): (request: InboundRequest) => Promise<InboundReply> {
  return async (request) => {
    const token = tokenOf(request.authorization)
    if (token === undefined) return refusalReply(refusals, request.source, 'token_rejected', 'no token was presented')
    const parsed = parseStrictJson(request.body, 'payload')
    const body = parsed.ok ? tokenInvokeSchema.safeParse(parsed.value) : undefined
    if (body?.success !== true)
      return refusalReply(refusals, request.source, 'invalid_request', 'the body is not a token call')
    const { capability, args, purpose, idempotency_key, deadline_ms } = body.data
    try {
      const frame = await invoke(
        capability,
        args,
        {
          token,
          ...(purpose === undefined ? {} : { purpose }),
          ...(idempotency_key === undefined ? {} : { idempotencyKey: idempotency_key }),
          ...(deadline_ms === undefined ? {} : { deadlineMs: deadline_ms }),
        },
        request.source,
      )
      return jsonReply(frame)
    } catch (error) {
      return errorReply(error)
    }
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !authorization.startsWith(SCHEME)) return undefined
  const token = authorization.slice(SCHEME.length).trim()
  return token.length > 0 && token.length <= MAX_TOKEN_CHARS ? token : undefined
}

/** @throws what is not an answer to the caller. */
function errorReply(error: unknown): InboundReply {
  const detail = (error as { detail?: { code?: unknown; denialId?: unknown; approvalId?: unknown } } | undefined)
    ?.detail
  if (typeof detail?.code !== 'string' || !isCode(detail.code)) throw error
  const body = {
    code: detail.code,
    ...(typeof detail.denialId === 'string' ? { denial_id: detail.denialId } : {}),
    ...(typeof detail.approvalId === 'string' ? { approval_id: detail.approvalId } : {}),
  }
  return jsonReply(body, httpStatus[detail.code])
}
