/**
 * Whether a receipt has the labels that it must have (security.md B9, wrong label). A kernel joins the labels of its
 * capability and of the arguments to those of the result, and takes none away. So a receipt that leaves one out contradicts
 * the descriptor that the same kernel signed, or the intent that it answers.
 *
 * What the detectors of this kernel find in a result is no such contradiction: others may have other detectors.
 */
import type { Intent, Label, Receipt } from '@hansa/protocols'

/** @param declared labels of the descriptor whose hash the intent names */
export function labelsLeftOut(receipt: Receipt, intent: Pick<Intent, 'labels'>, declared: readonly Label[]): Label[] {
  // A stored result has the labels of the call that it was made for.
  if (receipt.status !== 'ok' || receipt.retry_of !== undefined) return []
  const due = new Set([...declared, ...intent.labels])
  return [...due].filter((label) => !receipt.labels.includes(label)).sort()
}
