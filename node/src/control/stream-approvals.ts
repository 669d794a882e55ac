import type { Clock, WatchLine } from '@hansa/protocols'
import type { ControlledKernel } from './controlled-kernel.ts'
import { type EventStream, pinging } from './event-stream.ts'

export type StreamApprovalsComponents = { kernel: Pick<ControlledKernel, 'watchApprovals'>; clock: Clock }

/** Sends what becomes of approvals until the stream or the kernel ends. */
export async function streamApprovals(
  stream: EventStream<WatchLine>,
  { kernel, clock }: StreamApprovalsComponents,
): Promise<void> {
  const stopPings = pinging(stream, clock)
  try {
    for await (const event of kernel.watchApprovals(stream.closed)) stream.send(event)
  } finally {
    stopPings()
    stream.end()
  }
}
