/** Server-sent events as text (WHATWG HTML, section 9.2): one line of JSON each. */
import type { WatchEventData, WatchEventName } from '@hansa/protocols'

/** @param cursor entries that a reader has once it has read this event. */
export function eventFrame<N extends WatchEventName>(name: N, data: WatchEventData[N], cursor?: number): string {
  const id = cursor === undefined ? '' : `id: ${cursor}\n`
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
