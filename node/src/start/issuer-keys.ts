/** Whose tokens are taken, as the configuration names them; files of keys are looked at before anything starts. */
import { type GuardedFetch, guardedFetch } from '@hansa/mesh'
import type { NodeConfig } from '../config/index.ts'
import { type KeyPlace, keyPlaceText } from '../issuers/issuer-setting.ts'
import type { IssuersInit } from '../issuers/open-issuers.ts'
import { keyReader } from '../issuers/read-issuer-keys.ts'

/** Ports of public addresses besides those that an operator wrote: `jwks_uri` may be on another host. */
const USUAL_PORTS = [443, 8443]

/** Each fault is a sentence that says what to do. What is behind a URL is not asked: an issuer may be away. */
export async function issuerKeyFaults({ issuers = [], tokenClients = [] }: NodeConfig): Promise<string[]> {
  const places: [string, KeyPlace][] = [
    ...issuers.map(({ name, keys }) => [`the issuer ${name}`, keys] as [string, KeyPlace]),
    ...tokenClients.flatMap((client) =>
      client.auth === 'none' ? [] : [[`the client ${client.id}`, client.keys] as [string, KeyPlace]],
    ),
  ]
  const faults = await Promise.all(
    places.map(async ([whose, place]) => {
      if (place.kind !== 'file') return undefined
      const reading = await keyReader(place, nothing)()
      return reading.ok ? undefined : `The keys of ${whose} cannot be read: ${reading.reason}.`
    }),
  )
  return faults.filter((fault) => fault !== undefined)
}

const nothing: Pick<GuardedFetch, 'get'> = {
  get: async () => ({ ok: false, code: 'url_refused', reason: 'only files are looked at' }),
}

/** @param ca roots in PEM besides those of Node */
export function issuersOf(
  { issuers, tokenClients, allowPrivate }: NodeConfig,
  ca: string | undefined,
): IssuersInit | undefined {
  if (issuers === undefined) return undefined
  const places = [...issuers, ...(tokenClients ?? []).flatMap((client) => (client.auth === 'none' ? [] : client))]
  const ports = places.map(({ keys }) => (keys.kind === 'file' ? 443 : Number(new URL(keyPlaceText(keys)).port || 443)))
  const fetch = guardedFetch({
    allowPrivate,
    ports: [...new Set([...USUAL_PORTS, ...ports])],
    ...(ca === undefined ? {} : { ca }),
  })
  return { issuers, fetch, ...(tokenClients === undefined ? {} : { tokenClients }) }
}
