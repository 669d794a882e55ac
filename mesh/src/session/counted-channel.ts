import type { FramedChannel } from './framed-channel.ts'

/** Frames over all channels of a node, keep-alives included. */
export type FrameCount = { sent: number; received: number }

/** The same channel, whose frames are counted. */
export function countedChannel(channel: FramedChannel, count: FrameCount): FramedChannel {
  return {
    binding: channel.binding,
    source: channel.source,
    closed: channel.closed,
    send(message) {
      count.sent += 1
      return channel.send(message)
    },
    drained: () => channel.drained(),
    onMessage: (take) =>
      channel.onMessage((message) => {
        count.received += 1
        take(message)
      }),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    close: (reason) => channel.close(reason),
  }
}
