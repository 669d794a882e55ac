/** Looks at one text with every detector, in every form it may hide in. */
import type { Label } from '@hansa/protocols'
import { type Detector, type Detectors, isSuspect, type Span } from './detector.ts'
import { hasHiddenText, stripHiddenText } from './hidden-text.ts'
import { type ScanCopy, scanCopies } from './scan-copies.ts'
import { traits, traitsOf } from './traits.ts'

/** Something that a label says of the text. */
export type PersonalFind = {
  rule: string
  label: Label
  /** Where it stands in `TextReport.text`; empty when only a decoded form shows it. */
  spans: readonly Span[]
}

export type TextReport = {
  /** The text the spans refer to: the original, or what is left of it without hidden characters. */
  text: string
  hidden: boolean
  /** The text has other forms than the one that is seen. */
  encoded: boolean
  /** Rule of the first secret found. */
  secret?: string
  personal: readonly PersonalFind[]
  /** Rules of the markers found. */
  markers: readonly string[]
}

/**
 * @param strip leave hidden characters out of the text that is reported.
 * @returns undefined when there is nothing to say, as for nearly every text.
 * @throws whatever a detector throws: the caller blocks.
 */
export function inspectText(original: string, detectors: Detectors, strip: boolean): TextReport | undefined {
  const first = traitsOf(original)
  if (!isSuspect(original, first, detectors)) return undefined
  const hidden = (first & traits.foreign) !== 0 && hasHiddenText(original)
  const text = hidden && strip ? stripHiddenText(original) : original
  const copies = scanCopies(original)

  const secret = firstSecret(copies, detectors)
  const personal = findPersonal(text, copies, detectors)
  const markers = findMarkers(copies, detectors)
  if (!hidden && secret === undefined && personal.length === 0 && markers.length === 0) return undefined
  const encoded = copies.length > 1 || copies[0]?.text !== text
  return { text, hidden, encoded, ...(secret === undefined ? {} : { secret }), personal, markers }
}

function firstSecret(copies: readonly ScanCopy[], detectors: Detectors): string | undefined {
  for (const copy of copies) {
    for (const detector of detectors.secrets) {
      if (concerns(detector, copy.traits) && detector.find(copy.text).length > 0) return detector.rule
    }
  }
  return undefined
}

function findPersonal(text: string, copies: readonly ScanCopy[], detectors: Detectors): PersonalFind[] {
  const finds: PersonalFind[] = []
  const found = traitsOf(text)
  for (const detector of detectors.personal) {
    if (typeof detector.means === 'string') continue
    const spans = concerns(detector, found) ? detector.find(text) : []
    if (spans.length > 0 || inCopies(detector, text, copies)) {
      finds.push({ rule: detector.rule, label: detector.means.label, spans })
    }
  }
  return finds
}

function inCopies(detector: Detector, text: string, copies: readonly ScanCopy[]): boolean {
  return copies.some(
    (copy) =>
      !copy.binary && copy.text !== text && concerns(detector, copy.traits) && detector.find(copy.text).length > 0,
  )
}

function findMarkers(copies: readonly ScanCopy[], detectors: Detectors): string[] {
  return detectors.markers
    .filter((detector) =>
      copies.some((copy) => !copy.binary && concerns(detector, copy.traits) && detector.find(copy.text).length > 0),
    )
    .map((detector) => detector.rule)
}

function concerns(detector: Detector, found: number): boolean {
  return detector.needs === 0 || (detector.needs & found) !== 0
}

/** What stands in place of a value that was recognised. */
export function redactionMark(label: Label): string {
  return `[redacted:${label}]`
}

/**
 * The text with every find of these labels replaced. Where replacing what is seen leaves a find in a decoded form, the
 * whole text is replaced: half of an encoding cannot be cut out.
 */
export function redactText(report: TextReport, labels: ReadonlySet<Label>, detectors: Detectors): string {
  const finds = report.personal.filter((find) => labels.has(find.label))
  const replaced = replaceSpans(report.text, finds)
  if (!report.encoded) return replaced
  const left = inspectText(replaced, detectors, false)?.personal.find((find) => labels.has(find.label))
  return left === undefined ? replaced : redactionMark(left.label)
}

function replaceSpans(text: string, finds: readonly PersonalFind[]): string {
  const marked = finds.flatMap((find) => find.spans.map(([start, end]) => ({ start, end, label: find.label })))
  marked.sort((a, b) => a.start - b.start || b.end - a.end)
  let result = ''
  let done = 0
  for (const { start, end, label } of marked) {
    // Overlapping finds are one gap; the label of the first stands for both.
    if (start >= done) result += text.slice(done, start) + redactionMark(label)
    done = Math.max(done, end)
  }
  return result + text.slice(done)
}
