/** Reads a stream of the control interface: lines of JSON, on a connection of its own, until the node ends it. */
import {
  type ApprovalEvent,
  CallError,
  type CallErrorDetail,
  type CallNote,
  callLineSchema,
  controlPaths,
  type Frame,
  watchLineSchema,
} from '@hansa/protocols'
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

/**
 * A call, and what it says before it ends.
 * @throws CallError with the code of the node, `outcome_unknown` when the connection is lost before the end; ControlClientError
 */
export async function heardCall(
  home: string,
  params: object,
  { credential, onNote }: { credential: string | undefined; onNote(note: CallNote): void },
): Promise<Frame> {
  for await (const line of controlLines(home, controlPaths.invokeStream, { params, credential })) {
    const { data } = callLineSchema.safeParse(line)
    if (data?.type === 'note') onNote(data.note)
    if (data?.type === 'frame') return data.frame
    if (data?.type !== 'error') continue
    const { message, ...detail } = data.error
    throw new CallError(detail as CallErrorDetail, message)
  }
  throw new CallError({ code: 'outcome_unknown' })
}

type Asked = { params: object; credential: string | undefined }

async function* controlLines(home: string, path: string, asked?: Asked): AsyncGenerator<unknown> {
  const { origin, socketPath, token = asked?.credential } = await addressOf(home, asked?.credential)
  const client = new Client(origin, socketPath === undefined ? {} : { socketPath })
  try {
    const response = await client.request({
      path,
      method: 'POST',
      headers: headersOf(token),
      body: JSON.stringify(asked?.params ?? {}),
      headersTimeout: BEGINS_WITHIN_MS,
      bodyTimeout: SILENCE_MS,
    })
    if (response.statusCode === 200) yield* parsedLines(response.body)
    else await answer(response, home)
  } catch (error) {
    throw await failure(error, home, asked === undefined ? undefined : 'invoke')
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
