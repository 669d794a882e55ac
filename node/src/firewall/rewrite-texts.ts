/**
 * Writes what the survey found into the value: finds of some labels replaced, hidden characters left out. What is found
 * and stays becomes a label. Does not alter the value it is given.
 */
import type { Label } from '@hansa/protocols'
import type { Detectors } from './detector.ts'
import { redactionMark, redactText, type TextReport } from './inspect-text.ts'
import { isCardLike, type Survey } from './survey.ts'
import type { Path, VerdictLog } from './verdict-log.ts'

export type RewriteRules = {
  /** Finds of these are replaced. */
  redact: ReadonlySet<Label>
  /** Hidden characters are left out, instead of only being reported. */
  strip: boolean
}

export type Rewritten = {
  value: unknown
  /** Labels of what was found and stays. */
  labels: Set<Label>
  /** Hidden characters or markers were found. */
  suspicious: boolean
}

export function rewriteTexts(
  value: unknown,
  { reports }: Pick<Survey, 'reports'>,
  rules: RewriteRules,
  detectors: Detectors,
  log: VerdictLog,
): Rewritten {
  const labels = new Set<Label>()
  const path: (string | number)[] = []
  let suspicious = false

  const rewriteText = (text: string): string => {
    const report = reports.get(text)
    if (report === undefined) return text
    if (report.hidden || report.markers.length > 0) suspicious = true
    noteText(report, rules, path, log)
    let redacted = false
    for (const { rule, label } of report.personal) {
      if (rules.redact.has(label)) {
        redacted = true
        log.change('labels', rule, 'redact', path)
      } else {
        labels.add(label)
        log.note('labels', rule, 'label', path, [label])
      }
    }
    return redacted ? redactText(report, rules.redact, detectors) : report.text
  }
  const rewriteNumber = (number: number): unknown => {
    if (!isCardLike(number)) return number
    if (rules.redact.has('PCI')) {
      log.change('labels', 'pci.card', 'redact', path)
      return redactionMark('PCI')
    }
    labels.add('PCI')
    log.note('labels', 'pci.card', 'label', path, ['PCI'])
    return number
  }
  const rewrite = (place: unknown): unknown => {
    if (typeof place === 'string') return rewriteText(place)
    if (typeof place === 'number') return rewriteNumber(place)
    if (typeof place !== 'object' || place === null) return place
    return Array.isArray(place) ? rewriteArray(place) : rewriteObject(place as Record<string, unknown>)
  }
  const rewriteArray = (list: readonly unknown[]): unknown => {
    let copy: unknown[] | undefined
    for (let at = 0; at < list.length; at++) {
      path.push(at)
      const element = rewrite(list[at])
      path.pop()
      if (element === list[at]) continue
      copy ??= list.slice()
      copy[at] = element
    }
    return copy ?? list
  }
  const rewriteObject = (object: Record<string, unknown>): unknown => {
    const names = Object.keys(object)
    const members: unknown[] = []
    let same = true
    for (const name of names) {
      path.push(name)
      const member = rewrite(object[name])
      path.pop()
      if (member !== object[name] || reports.has(name)) same = false
      members.push(member)
    }
    if (same) return object
    const copy: Record<string, unknown> = {}
    for (const [at, name] of names.entries()) copy[freeName(rewriteText(name), copy)] = members[at]
    return copy
  }
  return {
    value: rewrite(value),
    labels,
    get suspicious() {
      return suspicious
    },
  }
}

function noteText(report: TextReport, rules: RewriteRules, path: Path, log: VerdictLog): void {
  if (report.hidden && rules.strip) log.change('hidden_text', 'hidden_characters', 'drop', path)
  else if (report.hidden) log.note('hidden_text', 'hidden_characters', 'label', path)
  for (const rule of report.markers) log.note('injection', rule, 'label', path)
}

/** Two names that were redacted to the same text both stay. */
function freeName(name: string, taken: Record<string, unknown>): string {
  let free = name
  for (let count = 2; Object.hasOwn(taken, free); count++) free = `${name}#${count}`
  return free
}
