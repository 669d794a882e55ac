/** Server-sent events (WHATWG HTML, section 9.2.6) out of bytes as they come: bounded, and without reconnecting by itself. */

export type StreamEvent = { event: string; data: string; id?: string }

/** @throws RangeError when an event is longer than `maxChars`; TypeError when the bytes are not UTF-8. */
export async function* readEventStream(
  chunks: AsyncIterable<Uint8Array>,
  maxChars: number,
): AsyncGenerator<StreamEvent, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let block: string[] = []
  let held = 0
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).replace(/\r$/, '')
      text = text.slice(end + 1)
      if (line !== '') {
        held += line.length
        if (held > maxChars) throw new RangeError(`an event is longer than ${maxChars} characters`)
        block.push(line)
        continue
      }
      const event = eventOf(block)
      block = []
      held = 0
      if (event !== undefined) yield event
    }
    if (held + text.length > maxChars) throw new RangeError(`an event is longer than ${maxChars} characters`)
  }
}

function eventOf(lines: readonly string[]): StreamEvent | undefined {
  const data: string[] = []
  let event = 'message'
  let id: string | undefined
  for (const line of lines) {
    const colon = line.indexOf(':')
    // A line that begins with a colon is a comment.
    if (colon === 0) continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id') id = value
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) }
}
