/** Keys of an identity for people, each with what it is good for. */
import type { IdentityKey } from '@hansa/protocols'
import type { Style } from './print.ts'
import { table, time } from './table.ts'

export function keysText(style: Style, keys: readonly IdentityKey[]): string {
  const rows = keys.map((key) => [
    key.kid.slice(key.kid.indexOf('#') + 1),
    stateText(style, key),
    key.from === undefined ? '' : time(key.from),
    key.to === undefined ? '' : time(key.to),
    noteOf(key),
  ])
  return table(style, ['key of the identity', 'state', 'from', 'to', ''], rows)
}

function stateText(style: Style, { state }: IdentityKey): string {
  if (state === 'signing') return style.good(state)
  return state === 'revoked' ? style.bad(state) : state
}

function noteOf({ signsFrom, compromisedSince, reason }: IdentityKey): string {
  if (signsFrom !== undefined) return `signs from ${time(signsFrom)}`
  return compromisedSince === undefined ? '' : `compromised since ${time(compromisedSince)}: ${reason ?? ''}`
}
