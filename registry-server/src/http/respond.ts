import type { ServerResponse } from 'node:http'
import { type Code, type ErrorBody, httpStatus } from '@hansa/protocols'

/** Sends a success. */
export function respond(response: ServerResponse, body: object): void {
  send(response, 200, body)
}

/** The only place that turns a code into a status. @param denialId names the refusal in the log, when it is there. */
export function respondRefused(response: ServerResponse, code: Code, denialId?: string): void {
  const body: ErrorBody = denialId === undefined ? { code } : { code, denial_id: denialId }
  send(response, httpStatus[code], body)
}

/** A refusal before there is a request that could be answered. */
export function rawRefusal(code: Code): string {
  const body = JSON.stringify({ code } satisfies ErrorBody)
  return [
    `HTTP/1.1 ${httpStatus[code]} Refused`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(bytes)
}
