import type { WatchEventData, WatchEventName } from '@hansa/protocols'

/** One event; `cursor`: entries that a reader has once it has read it. */
export type WatchFrame = {
  [N in WatchEventName]: { name: N; data: WatchEventData[N]; cursor?: number }
}[WatchEventName]

export function frame<N extends WatchEventName>(name: N, data: WatchEventData[N], cursor?: number): WatchFrame {
  // The pair of name and data is what the parameters say.
  return { name, data, ...(cursor !== undefined && { cursor }) } as WatchFrame
}

/** As a server-sent event (WHATWG HTML, section 9.2): one line of JSON. */
export function frameText({ name, data, cursor }: WatchFrame): string {
  const id = cursor === undefined ? '' : `id: ${cursor}\n`
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
