/** In which form a peer's result is: its receipt and the bytes say so, and the firewall checks that it is true. */
import type { Receipt } from '@hansa/protocols'
import type { Answered, ImportedTarget } from '../kernel/stages.ts'

const QUOTE = 0x22

/** A capability without an output schema answers with one text, which is a JSON string, or with content. */
export function resultForm(target: ImportedTarget, receipt: Receipt, bytes: Uint8Array): Answered['raw']['kind'] {
  if (receipt.status === 'input_required') return 'input_required'
  if (receipt.status !== 'ok') return 'content'
  if (target.output !== undefined) return 'data'
  return bytes[0] === QUOTE ? 'text' : 'content'
}
