/** Collects, entry by entry, what a log shows of each control. Pure; memory does not grow with the log. */
import type { Entry, UnixMs } from '@hansa/protocols'
import type { Framework } from './framework.ts'
import { type Measure, measures } from './measures.ts'

/** Entries that are named for each measure: the latest ones. */
const MAX_SAMPLES = 5

export type NamedEntry = Pick<Entry, 'origin' | 'seq' | 't_ms' | 'type' | 'call_id' | 'cap'> & { leafHash: string }

export type Evidence = {
  measure: Measure
  text: string
  /** Entries that show it. */
  count: number
  first: UnixMs
  last: UnixMs
  /** The latest ones. */
  entries: NamedEntry[]
}

export type ControlFinding = {
  id: string
  title: string
  /** `outside`: no log of calls can show it. */
  status: 'evidence' | 'none' | 'outside'
  evidence: Evidence[]
  /** Measures that bear on it and of which there is no entry. */
  missing: string[]
  beyond?: string
}

export type FrameworkFindings = Pick<Framework, 'id' | 'title' | 'edition'> & { controls: ControlFinding[] }

export type Period = {
  /** Entries before are not counted. @default the beginning of the log */
  since?: UnixMs
  /** Nor those from then on. */
  until?: UnixMs
}

type Count = Pick<Evidence, 'count' | 'first' | 'last' | 'entries'>

export class ControlReport {
  readonly #period: Period
  readonly #counts = new Map<Measure, Count>()
  /** Entries in the period. */
  entries = 0

  constructor(period: Period = {}) {
    this.#period = period
  }

  note(entry: Entry, leafHash: string): void {
    const { since = 0, until = Number.POSITIVE_INFINITY } = this.#period
    if (entry.t_ms < since || entry.t_ms >= until) return
    this.entries++
    for (const [measure, { shows }] of Object.entries(measures)) {
      if (shows(entry)) this.#count(measure as Measure, entry, leafHash)
    }
  }

  findings(of: readonly Framework[]): FrameworkFindings[] {
    return of.map(({ id, title, edition, controls }) => ({
      id,
      title,
      edition,
      controls: controls.map((control) => this.#finding(control)),
    }))
  }

  #count(measure: Measure, entry: Entry, leafHash: string): void {
    const { origin, seq, t_ms, type, call_id, cap } = entry
    const named = { origin, seq, t_ms, type, call_id, cap, leafHash }
    const { count, first, last, entries } = this.#counts.get(measure) ?? emptyCount(t_ms)
    const latest = [...entries, named].sort((a, b) => a.t_ms - b.t_ms || a.seq - b.seq).slice(-MAX_SAMPLES)
    const range = { first: Math.min(first, t_ms), last: Math.max(last, t_ms) }
    this.#counts.set(measure, { count: count + 1, ...range, entries: latest })
  }

  #finding({ id, title, measures: asked, beyond }: Framework['controls'][number]): ControlFinding {
    const evidence = asked.flatMap((measure) => {
      const count = this.#counts.get(measure)
      return count === undefined ? [] : [{ measure, text: measures[measure].text, ...count }]
    })
    const missing = asked.filter((measure) => !this.#counts.has(measure)).map((measure) => measures[measure].text)
    const status = asked.length === 0 ? 'outside' : evidence.length > 0 ? 'evidence' : 'none'
    return { id, title, status, evidence, missing, ...(beyond === undefined ? {} : { beyond }) }
  }
}

function emptyCount(t: UnixMs): Count {
  return { count: 0, first: t, last: t, entries: [] }
}
