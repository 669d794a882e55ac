/** Reads a stream of the control interface: lines of JSON, on a connection of its own, until the node ends it. */
import { type ApprovalEvent, controlPaths, watchLineSchema } from '@hansa/protocols'
import { Client } from 'undici'
import { addressOf, answer, ControlClientError, failure, headersOf } from './control-client.ts'

/** Milliseconds for the stream to begin. */
const BEGINS_WITHIN_MS = 60_000
/** Milliseconds without a line before the node counts as gone: three of its pings. */
const SILENCE_MS = 45_000

/**
 * What waits, and then what becomes of approvals. It ends by an error only: a node that is told to stop ends the stream.
 * @throws CallError `policy_denied`; ControlClientError
 */
export async function* watchApprovals(home: string): AsyncGenerator<ApprovalEvent> {
  for await (const line of controlLines(home, controlPaths.watchApprovals)) {
    // Lines of a kind that this version does not know are passed over.
    const { data } = watchLineSchema.safeParse(line)
    if (data !== undefined && data.type !== 'ping') yield data
  }
  const message = `The node in ${home} has ended. Start it with: hansa up --home ${home}`
  throw new ControlClientError({ code: 'connection_lost', home }, message)
}

async function* controlLines(home: string, path: string): AsyncGenerator<unknown> {
  const { origin, socketPath, token } = await addressOf(home)
  const client = new Client(origin, socketPath === undefined ? {} : { socketPath })
  try {
    const response = await client.request({
      path,
      method: 'POST',
      headers: headersOf(token),
      body: '{}',
      headersTimeout: BEGINS_WITHIN_MS,
      bodyTimeout: SILENCE_MS,
    })
    if (response.statusCode === 200) yield* parsedLines(response.body)
    else await answer(response, home)
  } catch (error) {
    throw await failure(error, home)
  } finally {
    await client.destroy()
  }
}

async function* parsedLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of body) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n')
    pieces[0] = rest + pieces[0]
    rest = pieces.pop() ?? ''
    for (const line of pieces) if (line !== '') yield JSON.parse(line)
  }
}
