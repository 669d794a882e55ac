/** A catalogue of controls, and which measures of a kernel bear on each. */
import type { Measure } from './measures.ts'

export type Control = {
  /** As the catalogue numbers it. */
  id: string
  title: string
  /** Entries of these kinds are evidence. Empty: a log of calls has none. */
  measures: readonly Measure[]
  /** What the control asks for beside, which this log does not show. */
  beyond?: string
}

export type Framework = {
  /** For command lines. */
  id: string
  title: string
  /** Which edition the identifiers are of. */
  edition: string
  controls: readonly Control[]
}
