/** Looks at every name, text and number of a value and remembers what is worth knowing of each, once. */
import type { Detectors } from './detector.ts'
import { inspectText, type TextReport } from './inspect-text.ts'
import { isCardNumber } from './personal-data.ts'
import type { Path } from './verdict-log.ts'

export type Survey = {
  /** By the text as it stands in the value; texts without a report are clean. */
  reports: Map<string, TextReport>
  /** The first secret of each rule. */
  secrets: { rule: string; path: Path }[]
  /** Names with hidden characters. */
  hiddenNames: Path[]
  /** Names that fold to another name. */
  foldedNames: Path[]
  /** A number could be a card's. */
  cards: boolean
}

export const cleanSurvey: Survey = Object.freeze({
  reports: new Map(),
  secrets: [],
  hiddenNames: [],
  foldedNames: [],
  cards: false,
})

/** @throws whatever a detector throws. */
export function survey(value: unknown, detectors: Detectors, strip: boolean): Survey {
  const found: Survey = { reports: new Map(), secrets: [], hiddenNames: [], foldedNames: [], cards: false }
  const seen = new Set<string>()
  const path: (string | number)[] = []

  const look = (text: string): TextReport | undefined => {
    if (seen.has(text)) return found.reports.get(text)
    seen.add(text)
    const report = inspectText(text, detectors, strip)
    if (report !== undefined) found.reports.set(text, report)
    return report
  }
  const noteSecret = (report: TextReport | undefined, at: Path): void => {
    if (report?.secret === undefined) return
    if (!found.secrets.some(({ rule }) => rule === report.secret)) found.secrets.push({ rule: report.secret, path: at })
  }
  const visitName = (name: string): void => {
    const report = look(name)
    // A name that is a secret is not written anywhere, not even as a path.
    noteSecret(report, [...path, '*'])
    if (report?.hidden === true) found.hiddenNames.push([...path, '*'])
    else if (!PLAIN_NAME.test(name) && name.normalize('NFKC') !== name.normalize('NFC'))
      found.foldedNames.push([...path, '*'])
  }
  const visit = (place: unknown): void => {
    if (typeof place === 'string') noteSecret(look(place), [...path])
    else if (typeof place === 'number') found.cards ||= isCardLike(place)
    if (typeof place !== 'object' || place === null) return
    if (Array.isArray(place)) {
      for (let at = 0; at < place.length; at++) {
        path.push(at)
        visit(place[at])
        path.pop()
      }
      return
    }
    const object = place as Record<string, unknown>
    for (const name of Object.keys(object)) {
      visitName(name)
      path.push(name)
      visit(object[name])
      path.pop()
    }
  }
  visit(value)
  return found
}

const PLAIN_NAME = /^[\x20-\x7e]*$/

/** A number whose digits are a card's. */
export function isCardLike(value: number): boolean {
  return value >= 1e12 && Number.isSafeInteger(value) && isCardNumber(String(value))
}
