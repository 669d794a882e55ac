/** Reads server-sent events of a stream, one at a time. */
import { registryStreams, type WatchEventData, type WatchEventName, watchEvents } from '@hansa/protocols'
import { request } from 'undici'

export type ReadEvent = { [N in WatchEventName]: { name: N; id?: string; data: WatchEventData[N] } }[WatchEventName]

/** @param sender whom a proxy would name. */
type ReadEventsInit = { after?: number; lastEventId?: string; sender?: string }

export async function readEvents(url: string, init: ReadEventsInit = {}) {
  const query = init.after === undefined ? '' : `?after=${init.after}`
  const { statusCode, headers, body } = await request(`${url}${registryStreams.watch.path}${query}`, {
    headers: {
      ...(init.lastEventId !== undefined && { 'last-event-id': init.lastEventId }),
      ...(init.sender !== undefined && { 'x-forwarded-for': init.sender }),
    },
  })
  body.setEncoding('utf8')
  const chunks = body[Symbol.asyncIterator]()
  let text = ''
  return {
    status: statusCode,
    type: headers['content-type'],
    /** The next event; undefined when the stream has ended. */
    async next(): Promise<ReadEvent | undefined> {
      for (let end = text.indexOf('\n\n'); end < 0; end = text.indexOf('\n\n')) {
        const { done, value } = await chunks.next()
        if (done === true) return undefined
        text += value
      }
      const end = text.indexOf('\n\n')
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const name = field('event') as WatchEventName
      const id = field('id')
      const data = watchEvents[name].parse(JSON.parse(field('data') ?? ''))
      return { name, ...(id !== undefined && { id }), data } as ReadEvent
    },
    body,
    [Symbol.dispose]: () => void body.destroy(),
  }
}
