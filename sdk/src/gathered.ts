import { type InvocationContext, MAX_RESULT_BYTES } from '@hansa/protocols'

/**
 * What a handler yields piece by piece, as one answer: texts as one text, which is also said as it is made, anything else
 * as an array.
 * @param structured whether the capability declares an output schema; then every piece is an item of the array
 * @throws RangeError when it is longer than a result may be
 */
export async function gathered(
  returned: unknown,
  structured: boolean,
  { signal, note }: Pick<InvocationContext, 'signal' | 'note'>,
): Promise<unknown> {
  if (typeof returned !== 'object' || returned === null || !(Symbol.asyncIterator in returned)) return returned
  const pieces: unknown[] = []
  let at = 0
  for await (const piece of returned as AsyncIterable<unknown>) {
    signal.throwIfAborted()
    const length = typeof piece === 'string' ? piece.length : 1
    if (at + length > MAX_RESULT_BYTES) throw new RangeError('the stream is longer than a result may be')
    pieces.push(piece)
    if (!structured && typeof piece === 'string' && piece !== '') note({ type: 'text', text: piece, at })
    at += length
  }
  return structured || pieces.some((piece) => typeof piece !== 'string') ? pieces : pieces.join('')
}
