/**
 * Collects the verdicts of one pass and what it changed. Nothing in here quotes content: paths name members, and a
 * member whose name could itself be data is written as `*`.
 */
import type { FirewallPass, Label, Verdict } from '@hansa/protocols'
import { MAX_NAMED_REDACTIONS, MAX_VERDICT_PATHS } from './profile.ts'

export type Redaction = { path: string; rule: string }

/** Where a value stands: member names and indexes from the root. */
export type Path = readonly (string | number)[]

type Entry = Omit<Verdict, 'pass'>

export class VerdictLog {
  readonly #pass: FirewallPass
  readonly #entries = new Map<string, Entry>()
  readonly redactions: Redaction[] = []
  /** The stage that runs now: the one to name when something throws. */
  stage: Verdict['stage'] = 'size'

  constructor(pass: FirewallPass) {
    this.#pass = pass
  }

  /** One verdict for each stage, rule and action, however often it applies. */
  note(stage: Verdict['stage'], rule: string, action: Verdict['action'], path?: Path, labels?: readonly Label[]): void {
    const key = `${stage} ${rule} ${action}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { stage, rule, action, ...(labels === undefined ? {} : { labels: [...labels] }) }
      this.#entries.set(key, entry)
    }
    if (path === undefined) return
    entry.count = (entry.count ?? 0) + 1
    entry.paths ??= []
    // Written only while there is room: most of the work of a verdict is its paths.
    if (entry.paths.length < MAX_VERDICT_PATHS) entry.paths.push(pointer(path).slice(0, 256))
  }

  /** A verdict that changed the value at the path. */
  change(stage: Verdict['stage'], rule: string, action: 'redact' | 'drop' | 'cut', path: Path): void {
    this.note(stage, rule, action, path)
    if (this.redactions.length < MAX_NAMED_REDACTIONS) this.redactions.push({ path: pointer(path), rule })
  }

  verdicts(): Verdict[] {
    return [...this.#entries.values()].map((entry) => ({ pass: this.#pass, ...entry }))
  }
}

/** A name that reads like one: short, of letters, and without a number that could be somebody's. */
const NAME = /^[A-Za-z_][A-Za-z_.-]{0,31}\d{0,3}$/

/** JSON Pointer (RFC 6901), with `*` for every name that could be data. */
export function pointer(path: Path): string {
  let text = ''
  for (const part of path) text += `/${typeof part === 'number' || NAME.test(part) ? part : '*'}`
  return text
}
