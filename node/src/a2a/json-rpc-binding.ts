/** A2A over JSON-RPC 2.0 (A2A 1.0, section 9): one object in, one object or a stream of them out. */
import { isObject } from '@hansa/trust'
import { A2aFault, jsonRpcErrorOf } from './a2a-fault.ts'
import { type A2aReply, type A2aRequest, type A2aService, isA2aOperation } from './a2a-service.ts'

type Id = string | number | null
export type JsonRpcReply = { id: Id } & A2aReply

/** @returns the id of the request, or null where there is none that could be one */
export function idOf(body: unknown): Id {
  const id = isObject(body) ? body.id : undefined
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null
}

/** @throws A2aFault, CallError */
export async function answerJsonRpc(body: unknown, service: A2aService, request: A2aRequest): Promise<JsonRpcReply> {
  if (!isObject(body) || body.jsonrpc !== '2.0' || typeof body.method !== 'string')
    throw new A2aFault({ code: 'InvalidRequestError' }, 'The body is no JSON-RPC 2.0 request.')
  const { id: given } = body
  if (given !== undefined && given !== null && idOf(body) === null)
    throw new A2aFault({ code: 'InvalidRequestError' }, 'The id is neither a text nor an integer.')
  const { method, params = {} } = body
  if (!isA2aOperation(method)) throw new A2aFault({ code: 'MethodNotFoundError' }, 'There is no such method.')
  return { id: idOf(body), ...(await service(method, params, request)) }
}

export function jsonRpcResult(id: Id, result: unknown): object {
  return { jsonrpc: '2.0', id, result }
}

export function jsonRpcFailure(id: Id, fault: A2aFault): object {
  return { jsonrpc: '2.0', id, error: jsonRpcErrorOf(fault) }
}
