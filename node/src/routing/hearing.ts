/**
 * What a caller has heard of a call before its end. Text that was heard is the beginning of the result that follows it, so
 * once there is some, nobody is asked again: another attempt may have another result.
 */
import type { InvokeOptions } from '@hansa/protocols'

export function hearing(options: InvokeOptions): { options: InvokeOptions; heardText(): boolean } {
  const { onNote } = options
  let text = false
  if (onNote === undefined) return { options, heardText: () => false }
  const listening: InvokeOptions['onNote'] = (note) => {
    text ||= note.type === 'text'
    onNote(note)
  }
  return { options: { ...options, onNote: listening }, heardText: () => text }
}
