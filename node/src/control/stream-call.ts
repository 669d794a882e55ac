import type { CallLine, Clock, Frame } from '@hansa/protocols'
import { faultOfCode, faultOfError } from './control-fault.ts'
import { type EventStream, pinging } from './event-stream.ts'

/** Tells what a call says, and then what became of it. @throws whatever is not an answer to the caller */
export async function streamCall(
  stream: EventStream<CallLine>,
  clock: Clock,
  call: (heard: {
    onNote(note: Extract<CallLine, { type: 'note' }>['note']): void
    signal: AbortSignal
  }) => Promise<Frame>,
): Promise<void> {
  const stopPings = pinging(stream, clock)
  try {
    const frame = await call({ onNote: (note) => stream.send({ type: 'note', note }), signal: stream.closed })
    stream.send({ type: 'frame', frame })
  } catch (error) {
    const { body } = faultOfError(error) ?? faultOfCode('internal')
    stream.send({ type: 'error', ...body })
    if (faultOfError(error) === undefined) throw error
  } finally {
    stopPings()
    stream.end()
  }
}
