/** What goes wrong in A2A, as its errors have it; and what kernels refuse, as one of these. */
import {
  type A2aProtocolError,
  a2aError,
  a2aReason,
  a2aWire,
  type CallErrorDetail,
  codes,
  isCode,
  jsonRpcCode,
  KernelError,
} from '@hansa/protocols'
import type { z } from 'zod'

export type A2aFaultDetail = {
  code: A2aProtocolError
  /** What the kernel said, where it did. */
  call?: CallErrorDetail
  /** Members that are wrong, each with why. */
  violations?: readonly { field: string; description: string }[]
}

/** Answered with its error; the message is for whoever asked. */
export class A2aFault extends KernelError<A2aFaultDetail> {
  override readonly name: string = 'A2aFault'
}

/** One fault for everybody who asks for a task that is not theirs, and for one that is not there. */
export function taskNotFound(): A2aFault {
  return new A2aFault({ code: 'TaskNotFoundError' }, 'There is no such task, or it is not yours to see.')
}

export function invalidParams(message: string, violations: A2aFaultDetail['violations'] = []): A2aFault {
  return new A2aFault({ code: 'InvalidParamsError', ...(violations.length === 0 ? {} : { violations }) }, message)
}

/** Names every member that a schema refuses. */
export function faultOfParams(error: z.ZodError): A2aFault {
  const violations = error.issues
    .slice(0, 16)
    .map(({ path, message }) => ({ field: path.join('.').slice(0, 256), description: message.slice(0, 256) }))
  const said = violations.map(({ field, description }) => `${field || 'params'}: ${description}`).join('; ')
  return invalidParams(`Invalid parameters: ${said}`, violations)
}

/** @returns undefined for what is neither: the failure is this node's, and its text stays here. */
export function faultOfA2a(error: unknown): A2aFault | undefined {
  if (error instanceof A2aFault) return error
  if (!(error instanceof Error) || !('detail' in error)) return undefined
  const call = error.detail as CallErrorDetail | undefined
  if (typeof call?.code !== 'string' || !isCode(call.code)) return undefined
  return new A2aFault({ code: a2aError[call.code], call }, error.message)
}

/** Nothing of a failure inside is told. */
export function internalFault(): A2aFault {
  return new A2aFault({ code: 'InternalError' }, codes.internal.meaning)
}

type ErrorDetail = { '@type': string } & Record<string, unknown>

/** `google.rpc` details, the same in each binding. */
export function detailsOf({ code: error, call, violations }: A2aFaultDetail): ErrorDetail[] {
  const facts = { code: call?.code, denialId: call?.denialId, callId: call?.callId, approvalId: call?.approvalId }
  const metadata = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined))
  return [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: a2aReason(error),
      domain: a2aWire[error].ofA2a ? 'a2a-protocol.org' : 'hansa',
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    },
    ...(violations === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }]),
  ]
}

export type JsonRpcError = { code: number; message: string; data: ErrorDetail[] }

export function jsonRpcErrorOf({ detail, message }: A2aFault): JsonRpcError {
  const { code: error, call } = detail
  const { jsonRpc, ofA2a } = a2aWire[error]
  // Ours tell apart what A2A does not.
  const code = call === undefined || ofA2a || error === 'InvalidParamsError' ? jsonRpc : jsonRpcCode[call.code]
  return { code, message, data: detailsOf(detail) }
}

export type StatusBody = { error: { code: number; status: string; message: string; details: ErrorDetail[] } }

export function statusBodyOf({ detail, message }: A2aFault): StatusBody {
  const { http, status } = a2aWire[detail.code]
  return { error: { code: http, status, message, details: detailsOf(detail) } }
}
