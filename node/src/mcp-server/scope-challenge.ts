/**
 * A token whose scope does not cover what a request names is refused before anything runs, with a challenge that says
 * which scope does: a client can ask its issuer for it. Only for what its principal may be shown at all.
 */
import { isObject } from '@hansa/trust'
import type { Calling } from './calling.ts'
import { type OpenListings, scopeOf } from './open-listings.ts'

const lists = { 'tools/call': 'tools', 'prompts/get': 'prompts' } as const

/** @returns the capability that it lacks; undefined when there is no such reason to refuse. */
export async function lacksScope(body: unknown, calling: Calling, listings: OpenListings): Promise<string | undefined> {
  if (scopeOf(calling) === undefined || !isObject(body) || !isObject(body.params)) return undefined
  const { method, params } = body
  if ((method !== 'tools/call' && method !== 'prompts/get') || typeof params.name !== 'string') return undefined
  const list = lists[method]
  if ((await listings.of(calling))[list].has(params.name)) return undefined
  return (await listings.everything(calling))[list].get(params.name)?.info.ref
}
