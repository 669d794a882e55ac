/** Reads the keys that an issuer publishes, over the guarded fetch or from a file. What goes wrong is a returned sentence. */
import { open } from 'node:fs/promises'
import type { GuardedFetch } from '@hansa/mesh'
import { type JwkSet, jwkSetSchema, MAX_JWKS_BYTES, providerMetadataSchema } from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import { discoveryUrl, type KeyPlace } from './issuer-setting.ts'

export type KeysReading = { ok: true; set: JwkSet } | { ok: false; reason: string }
export type ReadKeys = () => Promise<KeysReading>

export function keyReader(place: KeyPlace, fetch: Pick<GuardedFetch, 'get'>): ReadKeys {
  switch (place.kind) {
    case 'file':
      return async () => keySet(await fileBytes(place.path), place.path)
    case 'url':
      return async () => keySet(await fetched(place.url, fetch), place.url)
    case 'discovery':
      return () => discovered(place.issuer, fetch)
  }
}

type Bytes = { ok: true; bytes: Uint8Array } | { ok: false; reason: string }

async function discovered(issuer: string, fetch: Pick<GuardedFetch, 'get'>): Promise<KeysReading> {
  const url = discoveryUrl(issuer)
  const document = await fetched(url, fetch)
  if (!document.ok) return document
  const parsed = parseStrictJson(document.bytes, 'payload')
  const metadata = providerMetadataSchema.safeParse(parsed.ok ? parsed.value : undefined)
  if (!metadata.success) return refused(`${url} is not the document of a provider`)
  // OpenID Connect Discovery section 4.3: or one provider could speak for another.
  if (metadata.data.issuer !== issuer)
    return refused(`${url} is the document of ${JSON.stringify(metadata.data.issuer.slice(0, 256))}`)
  const { jwks_uri: at } = metadata.data
  if (URL.parse(at)?.protocol !== 'https:') return refused(`jwks_uri of ${url} is not an https URL`)
  return keySet(await fetched(at, fetch), at)
}

async function fetched(url: string, fetch: Pick<GuardedFetch, 'get'>): Promise<Bytes> {
  const answer = await fetch.get(url, { maxBytes: MAX_JWKS_BYTES })
  if (!answer.ok) return refused(`${url}: ${answer.reason}`)
  return answer.status === 200 ? { ok: true, bytes: answer.body } : refused(`${url} answered ${answer.status}`)
}

async function fileBytes(path: string): Promise<Bytes> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size > MAX_JWKS_BYTES) return refused(`${path} is larger than ${MAX_JWKS_BYTES} bytes`)
    return { ok: true, bytes: await file.readFile() }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return refused(missing ? `${path} is missing` : `${path} cannot be read`)
  }
}

function keySet(read: Bytes, from: string): KeysReading {
  if (!read.ok) return read
  const parsed = parseStrictJson(read.bytes, 'payload')
  if (!parsed.ok) return refused(`${from} is not strict JSON: ${parsed.reason}`)
  const set = jwkSetSchema.safeParse(parsed.value)
  return set.success ? { ok: true, set: set.data } : refused(`${from} is not a set of keys (JWKS)`)
}

function refused(reason: string) {
  return { ok: false as const, reason: reason.slice(0, 1_024) }
}
