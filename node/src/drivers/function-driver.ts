/** Serves a capability with a handler of this process, or of an agent that is connected to it. */
import {
  type CapabilityHandler,
  ContentAnswer,
  contentSchema,
  InputRequired,
  inputRequestsSchema,
  MAX_RESULT_BYTES,
} from '@hansa/protocols'
import { type Driver, type DriverAnswer, type DriverCall, driver } from './driver.ts'
import { DriverError } from './errors.ts'
import { jsonValue, MAX_PAYLOAD_NODES } from './json-value.ts'

export type FunctionDriverInit = {
  handler: CapabilityHandler
  /** Whether the capability declares an output schema. Without one an answer is text. */
  structured: boolean
}

/**
 * A handler may yield its answer piece by piece: the pieces are gathered, so that a streamed answer takes the same
 * passes as any other. As data they are the items of one array, as text one text, which is also said as it is made.
 *
 * The answer is a copy of what the handler returned: with `structured` as data; else a string is the text itself, and
 * anything else is its JSON text. A handler that returns nothing answers null.
 */
export function functionDriver({ handler, structured }: FunctionDriverInit): Driver {
  return driver(async ({ args, ...context }, began) => {
    began()
    const returned = await gathered(await handler(args, context), structured, context)
    if (returned instanceof InputRequired) return inputRequired(returned)
    if (returned instanceof ContentAnswer) return contentAnswer(returned)
    const verdict = jsonValue(returned === undefined ? null : returned)
    if (!verdict.ok) {
      throw unusable(`not JSON: ${verdict.reason}`)
    }
    return answer(verdict.value, structured)
  })
}

async function gathered(
  returned: unknown,
  structured: boolean,
  { signal, note }: Pick<DriverCall, 'signal' | 'note'>,
): Promise<unknown> {
  if (!isAsyncIterable(returned)) return returned
  const pieces: unknown[] = []
  let characters = 0
  let at = 0
  for await (const piece of returned) {
    signal.throwIfAborted()
    characters += typeof piece === 'string' ? piece.length : 1
    if (pieces.length >= MAX_PAYLOAD_NODES || characters > MAX_RESULT_BYTES) {
      throw new DriverError({
        code: 'answer_too_large',
        began: true,
        reason: 'the stream is longer than a result may be',
      })
    }
    pieces.push(piece)
    if (!structured && typeof piece === 'string' && piece !== '') note({ type: 'text', text: piece, at })
    at += typeof piece === 'string' ? piece.length : 0
  }
  return structured || pieces.some((piece) => typeof piece !== 'string') ? pieces : pieces.join('')
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function inputRequired({ requests, state }: InputRequired): DriverAnswer {
  const read = inputRequestsSchema.safeParse(requests)
  if (read.success) return { kind: 'input_required', requests: read.data, state }
  throw unusable('what it asks of the caller is malformed')
}

function contentAnswer({ content, isError }: ContentAnswer): DriverAnswer {
  const read = contentSchema.safeParse(content)
  if (read.success) return { kind: 'content', content: read.data, ...(isError ? { isError } : {}) }
  throw unusable('its content is malformed')
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}

function answer(value: unknown, structured: boolean): DriverAnswer {
  if (structured) return { kind: 'data', value, isPayload: true }
  return { kind: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }
}
