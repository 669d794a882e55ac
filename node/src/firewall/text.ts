/** The firewall for texts that are not payloads: error messages, header values, and what a model reads of a capability. */
import type { FirewallPass, Label } from '@hansa/protocols'
import { noObligations, type Obligations } from '@hansa/trust'
import type { Detectors } from './detector.ts'
import { inspectText } from './inspect-text.ts'
import { type ScreenOutcome, screen } from './screen.ts'

export type ScreenTextInput = {
  pass: FirewallPass
  text: string
  /** @default none */
  obligations?: Obligations
  /** @default [] */
  labels?: readonly Label[]
  /** As in `ScreenInput`. */
  clearance?: readonly Label[]
  detectors: Detectors
}

/** Screens one text with the same stages as a payload; `value` of the outcome is the text that may go on. */
export function screenText(input: ScreenTextInput): ScreenOutcome {
  const { pass, text, clearance, detectors } = input
  return screen({
    pass,
    bytes: Buffer.from(JSON.stringify(text.toWellFormed())),
    obligations: input.obligations ?? noObligations,
    labels: input.labels ?? [],
    ...(clearance === undefined ? {} : { clearance }),
    detectors,
  })
}

/** Characters of a description that a model gets to read (security.md B2: Exposure to models). */
const MAX_DESCRIPTION_CHARS = 512

/** What stands in place of a description that holds a secret. */
const WITHHELD = '[withheld by the firewall]'

export type ScreenedDescription = {
  /** Untrusted, always: it proves origin at best, never honesty. */
  text: string
  /** What was found: `hidden_characters`, rules of secrets and markers. Empty is no promise. */
  rules: string[]
}

/** A peer's title or description as a model may read it: one line, nothing hidden, at most 512 characters. */
export function screenDescription(text: string, detectors: Detectors): ScreenedDescription {
  const report = inspectText(text.toWellFormed(), detectors, true)
  const rules = [
    ...(report?.hidden === true ? ['hidden_characters'] : []),
    ...(report?.secret === undefined ? [] : [report.secret]),
    ...(report?.markers ?? []),
  ]
  if (report?.secret !== undefined) return { text: WITHHELD, rules }
  const line = (report?.text ?? text.toWellFormed()).replace(/\s+/g, ' ').trim()
  // Well formed again, because the cut may fall between the halves of a pair.
  return { text: line.slice(0, MAX_DESCRIPTION_CHARS).toWellFormed(), rules }
}
