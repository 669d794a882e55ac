import type { Label } from '@hansa/protocols'
import { withoutFormat } from './hidden-text.ts'
import { injectionDetectors } from './injection.ts'
import { personalDataDetectors } from './personal-data.ts'
import { secretDetectors } from './secrets.ts'
import { traits } from './traits.ts'

/** Where something was found in a text: UTF-16 offsets, the end exclusive. */
export type Span = readonly [start: number, end: number]

/** Recognises one kind of thing in a text. Linear in the text, and without memory. */
export type Detector = {
  /** Goes to the verdict and to the log: `secret.jwt`. */
  rule: string
  /** What a find means: `secret` blocks everywhere, `marker` makes the data untrusted, a label is a fact about it. */
  means: 'secret' | 'marker' | { label: Label }
  /** Traits of which a text must have one to be looked at. 0: every text is. */
  needs: number
  find(text: string): Span[]
}

/** A set of detectors, made once. */
export type Detectors = {
  readonly secrets: readonly Detector[]
  readonly personal: readonly Detector[]
  readonly markers: readonly Detector[]
  /** Every trait that some detector needs; a text without any of them is clean. */
  readonly interesting: number
  /** Some detector looks at every text, so nothing may be skipped. */
  readonly always: boolean
  /** Lower case; any of them in a text is reason to look closely. */
  readonly canaries: readonly string[]
}

export type DetectorsInit = {
  /** Texts planted where nothing should be read from, at least 8 characters each; they are treated as secrets. @default [] */
  canaries?: readonly string[]
  /** Detectors beside the built-in ones. @default [] */
  extra?: readonly Detector[]
}

/** Shorter ones would be found by chance. */
const MIN_CANARY_CHARS = 8

/** Traits of a text whose strings have to be looked at one by one, because something may be written differently. */
const ENCODED = traits.foreign | traits.escape | traits.percent | traits.token

/** @throws RangeError when a canary is shorter than 8 characters once hidden characters are left out. */
export function compileDetectors(init: DetectorsInit = {}): Detectors {
  const canaries = (init.canaries ?? []).map(plainCanary)
  const extra = init.extra ?? []
  const secrets = [
    ...secretDetectors,
    ...canaries.map(canaryDetector),
    ...extra.filter((detector) => detector.means === 'secret'),
  ]
  const personal = [...personalDataDetectors, ...extra.filter((detector) => typeof detector.means === 'object')]
  const markers = [...injectionDetectors, ...extra.filter((detector) => detector.means === 'marker')]
  const all = [...secretDetectors, ...personalDataDetectors, ...injectionDetectors, ...extra]
  return {
    secrets,
    personal,
    markers,
    interesting: all.reduce((bits, detector) => bits | detector.needs, 0) | ENCODED,
    always: extra.some((detector) => detector.needs === 0),
    canaries,
  }
}

/** Whether the text has to be looked at: no detector finds anything in one that has not. */
export function isSuspect(text: string, found: number, detectors: Detectors): boolean {
  if ((found & detectors.interesting) !== 0 || detectors.always) return true
  if (detectors.canaries.length === 0) return false
  const lower = text.toLowerCase()
  return detectors.canaries.some((canary) => lower.includes(canary))
}

function plainCanary(text: string): string {
  const canary = withoutFormat(text).normalize('NFKC').toLowerCase()
  if (canary.length < MIN_CANARY_CHARS) throw new RangeError(`a canary has at least ${MIN_CANARY_CHARS} characters`)
  return canary
}

function canaryDetector(canary: string): Detector {
  const find = (text: string): Span[] => {
    const at = text.toLowerCase().indexOf(canary)
    return at < 0 ? [] : [[at, at + canary.length]]
  }
  return { rule: 'secret.canary', means: 'secret', needs: 0, find }
}
