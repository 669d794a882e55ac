import type { Obligation } from '@hansa/protocols'
import type { FieldChange } from './change.ts'

/** How the argument of an obligation may change without asking less; see the list in `protocols/capability/obligation`. */
const TIGHTENING: Readonly<Record<string, (was: string, is: string) => boolean>> = {
  max_rows: (was, is) => isNumber(was) && isNumber(is) && Number(is) <= Number(was),
  max_bytes: (was, is) => isNumber(was) && isNumber(is) && Number(is) <= Number(was),
  allowed_fields: (was, is) => isSubset(is, was),
  purpose: (was, is) => isSubset(is, was),
  redact_fields: (was, is) => isSubset(was, is),
}

/** An obligation may be added or made stricter; one that asks for less than before, or is gone, is removed. */
export function obligationChanges(was: readonly Obligation[], is: readonly Obligation[]): FieldChange[] {
  const weakened = was.filter((before) => !is.some((after) => covers(before, after)))
  const added = is.filter((after) => !was.includes(after))
  const changes: FieldChange[] = []
  if (weakened.length > 0) changes.push({ action: 'block', what: 'obligation_removed', detail: weakened.join(' ') })
  if (added.length > 0) changes.push({ action: 'apply', what: 'obligation_added', detail: added.join(' ') })
  return changes
}

function covers(before: Obligation, after: Obligation): boolean {
  if (before === after) return true
  const [was, is] = [split(before), split(after)]
  const tightens = Object.hasOwn(TIGHTENING, was.name) ? TIGHTENING[was.name] : undefined
  return was.name === is.name && tightens !== undefined && tightens(was.argument, is.argument)
}

function split(obligation: Obligation): { name: string; argument: string } {
  const colon = obligation.indexOf(':')
  return colon < 0
    ? { name: obligation, argument: '' }
    : { name: obligation.slice(0, colon), argument: obligation.slice(colon + 1) }
}

function isNumber(text: string): boolean {
  return /^[0-9]{1,15}$/.test(text)
}

function isSubset(some: string, all: string): boolean {
  const set = new Set(all.split(','))
  return some.split(',').every((item) => set.has(item))
}
