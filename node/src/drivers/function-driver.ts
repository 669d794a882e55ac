/** Serves a capability with a handler of this process, or of an agent that is connected to it. */
import type { CapabilityHandler } from '@hansa/protocols'
import { type Driver, type DriverAnswer, driver } from './driver.ts'
import { DriverError } from './errors.ts'
import { jsonValue } from './json-value.ts'

export type FunctionDriverInit = {
  handler: CapabilityHandler
  /** Whether the capability declares an output schema. Without one an answer is text. */
  structured: boolean
}

/**
 * The answer is a copy of what the handler returned: with `structured` as data; else a string is the text itself, and
 * anything else is its JSON text. A handler that returns nothing answers null.
 */
export function functionDriver({ handler, structured }: FunctionDriverInit): Driver {
  return driver(async ({ args, callId, principal, signal }, began) => {
    began()
    const returned: unknown = await handler(args, { callId, principal, signal })
    const verdict = jsonValue(returned === undefined ? null : returned)
    if (!verdict.ok) {
      throw new DriverError({ code: 'answer_unusable', began: true, reason: `not JSON: ${verdict.reason}` })
    }
    return answer(verdict.value, structured)
  })
}

function answer(value: unknown, structured: boolean): DriverAnswer {
  if (structured) return { kind: 'data', value }
  return { kind: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }
}
