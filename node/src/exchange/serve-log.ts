/**
 * `GET /hansa/log/<n>/…`: the checkpoint and the hashes of every log of this kernel, for whoever wants to check that a
 * log only grows, or that an entry is in it. Entries are never given out here.
 */
import type { InboundReply, InboundRequest } from '@hansa/protocols'
import type { LogDirectory } from '@hansa/trust/ledger'
import { numberOfOrigin } from '../home/published-logs.ts'
import type { KernelInit, KernelLogs } from '../kernel/kernel-components.ts'
import { logAnswers } from '../tiles/log-answers.ts'
import { jsonReply } from './inbound-reply.ts'

export type ServeLogComponents = {
  disk: LogDirectory
  logs: KernelLogs
  publicLog: KernelInit['publicLog']
}

export function serveLog({
  disk,
  logs,
  publicLog = 'hashes',
}: ServeLogComponents): (request: InboundRequest) => Promise<InboundReply> {
  const own = [
    { origin: logs.origin, directory: disk },
    ...logs.frozen.map(({ directory, link }) => ({ origin: link.previous.origin, directory })),
  ]
  const numbered = own.flatMap(({ origin, directory }) => {
    const number = numberOfOrigin(origin)
    return number === undefined ? [] : [{ number, directory }]
  })
  const answers = logAnswers({ logs: publicLog === 'none' ? [] : numbered, entries: false })
  return async ({ path }) => {
    const answer = await answers.answer(path)
    // Not counted as a refusal: who follows a log asks for tiles that are not there yet.
    if (answer === undefined) return jsonReply({ code: 'not_found' }, 404)
    if (answer === 'busy') return jsonReply({ code: 'busy' }, 503)
    const { contentType, cacheControl, body } = answer
    return { status: 200, contentType, cacheControl, body }
  }
}
