import { SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { describe, expect, it } from 'vitest'
import { isLost, lossOf } from './mcp-failure.ts'

const http = (status: number) =>
  new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, `POST failed (HTTP ${status}): no account hunter2`, {
    status,
  })

describe(lossOf, () => {
  it.each([
    ['the server no longer knows the session', http(404), 'HTTP 404'],
    ['the connection was closed', new SdkError(SdkErrorCode.ConnectionClosed, 'hunter2'), 'CONNECTION_CLOSED'],
    ['the network failed', new TypeError('hunter2', { cause: { code: 'ECONNRESET' } }), 'ECONNRESET'],
    ['nobody says why', new TypeError('hunter2'), 'the network failed'],
  ])('names how a connection was lost, and quotes nothing: %s', (_how, error, said) => {
    expect([isLost(error), lossOf(error)]).toEqual([true, said])
  })
})
