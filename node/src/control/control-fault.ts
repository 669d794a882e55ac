/** A failure as the control interface answers it: code, facts and one sentence; never a stack, never a foreign text. */
import { type CallErrorDetail, type ControlError, codes, httpStatus, isCode } from '@hansa/protocols'
import type { z } from 'zod'

export type ControlFault = { status: number; body: ControlError }

/** @returns undefined for what is no `CallError`: the failure is this node's, and its text stays here. */
export function faultOfError(error: unknown): ControlFault | undefined {
  if (!(error instanceof Error) || !('detail' in error)) return undefined
  const detail = error.detail as Partial<CallErrorDetail> | null | undefined
  if (typeof detail?.code !== 'string' || !isCode(detail.code)) return undefined
  const { code, denialId, callId, stage, approvalId, refusedBy, frame } = detail
  const facts = { denialId, callId, stage, approvalId, refusedBy, frame }
  const present = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined))
  return { status: httpStatus[code], body: { error: { code, message: error.message, ...present } } }
}

/** @param message one sentence; the code's own meaning without it */
export function faultOfCode(code: keyof typeof codes, message?: string): ControlFault {
  return { status: httpStatus[code], body: { error: { code, message: message ?? `${code}: ${codes[code].meaning}` } } }
}

/** Names every fault of a body. */
export function faultOfIssues(error: z.ZodError): ControlFault {
  const faults = error.issues.slice(0, 16).map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  return faultOfCode('invalid_request', `invalid_request: ${faults.join('; ')}`)
}
