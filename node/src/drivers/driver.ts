/**
 * The one interface to anything that acts. A driver is bound to one operation when the capability is registered; what a
 * caller sends can fill in that operation's parameters and can never choose another one.
 *
 * A driver does not screen, redact or bound what it returns beyond what protects this process: that is the firewall's.
 */
import type { CallNote, Content, InputMethod, InputRequests, InputResponses, Label } from '@hansa/protocols'
import { aborted } from './aborted.ts'
import { DriverError } from './errors.ts'

export type DriverCall = {
  /** JSON value, already checked against the input schema. */
  args: unknown
  callId: string
  /** Who asks, as this kernel names it; never sent to a backend. */
  principal: string
  /** Aborted at the deadline and when the caller cancels. */
  signal: AbortSignal
  /** What may be asked of the caller. */
  accepts: readonly InputMethod[]
  /** Set in a call that brings the answers an earlier one asked for: they, and what that one left. */
  continued?: { responses: InputResponses; state: unknown }
  /** Says something before the answer. It may be dropped. */
  note(note: CallNote): void
}

/**
 * `data` is a JSON value that nobody else holds; `text` and `content` are what a capability without an output schema
 * answers with; `isError` says that what was called failed, whatever it declares. `input_required` asks the caller, who
 * answers in another call: `state` is what that call finds, and `abandon` ends what waits when it never comes.
 */
export type DriverAnswer =
  | {
      kind: 'data'
      value: unknown /** It came out of `jsonValue`, so its JSON text is a payload without a look at it. */
      isPayload?: true
    }
  | { kind: 'text'; text: string }
  | { kind: 'content'; content: Content; isError?: boolean }
  | { kind: 'input_required'; requests: InputRequests; state: unknown; abandon?(): void }

export interface Driver extends AsyncDisposable {
  /** Labels of arguments that whoever acts may be sent. @default every label */
  readonly clearance?: readonly Label[]
  /**
   * Does the operation once. Settles soon after the signal aborts, whatever the backend does.
   * @throws DriverError for every failure.
   */
  invoke(call: DriverCall): Promise<DriverAnswer>
}

/** What a kind of driver fills in: `began` is called just before anything leaves for the backend. */
export type DriverOperation = (call: DriverCall, began: () => void) => Promise<DriverAnswer>

/**
 * Makes a driver of one operation: nothing begins once the signal has aborted or the driver was disposed of, an abort
 * ends the wait, and whatever is thrown comes out as a `DriverError`.
 */
export function driver(operation: DriverOperation): Driver {
  let closed = false
  return {
    async invoke(call) {
      if (closed) throw new DriverError({ code: 'driver_closed', began: false, reason: 'the driver was disposed of' })
      if (call.signal.aborted) throw cancelled(call, false)
      let begun = false
      const began = () => {
        begun = true
      }
      const abort = aborted(call.signal)
      try {
        return await Promise.race([operation(call, began), abort.promise])
      } catch (error) {
        if (error instanceof DriverError) throw error
        if (call.signal.aborted) throw cancelled(call, begun)
        throw new DriverError({ code: 'driver_failed', began: begun, reason: reasonOf(error) }, { cause: error })
      } finally {
        abort.release()
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
    },
  }
}

function cancelled(call: DriverCall, began: boolean): DriverError {
  const cause: unknown = call.signal.reason
  return new DriverError({ code: 'cancelled', began, reason: 'the deadline passed or the caller cancelled' }, { cause })
}

/** @returns what an error says, for this kernel's log; at most 512 characters. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 512)
}
