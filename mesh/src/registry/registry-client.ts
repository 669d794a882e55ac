/**
 * The client of a registry, derived from `registryRoutes`. It proves nothing: what a registry lists is verified by whoever
 * asked, and what it is told is signed by the kernel that it is about.
 */
import {
  type Code,
  type Did,
  errorBodySchema,
  type Listing,
  type ListingStatus,
  type ListQuery,
  listingSchema,
  listingStatusSchema,
  listResponseSchema,
  MAX_MANIFEST_BYTES,
  type ProvenRegistryEntry,
  provenEntrySchema,
  RENEWAL_TYP,
  type Registered,
  type RegistryCheckpoint,
  type Renewal,
  registeredSchema,
  registryCheckpointSchema,
  registryRoutes,
  type SignedManifest,
  WITHDRAWAL_TYP,
  type Withdrawal,
} from '@hansa/protocols'
import { parseStrictJson, type Signer, signJws } from '@hansa/trust'
import { fetchFaultToCode } from '../fetch/fault-code.ts'
import type { Fetched, GuardedFetch } from '../fetch/guarded-fetch.ts'

export type RegistryFault = { ok: false; code: Code /** One sentence for people. */; reason: string }
export type RegistryReply<T> = { ok: true; value: T } | RegistryFault

/** What was read before the fault, if there was one. */
export type Listed = { listings: Listing[]; fault?: RegistryFault }
export type ListFilter = Pick<ListQuery, 'capability' | 'tag'>

export interface RegistryClient {
  /** All pages, to about 1,000 listings or 32 MiB; where that cuts something off, the fault says so. */
  list(filter: ListFilter, signal?: AbortSignal): Promise<Listed>
  get(did: Did, signal?: AbortSignal): Promise<RegistryReply<Listing>>
  /** Also of a kernel that is not listed any more. */
  status(did: Did, signal?: AbortSignal): Promise<RegistryReply<ListingStatus>>
  /** The signed head of its log. @param since size of the tree that has to be shown to be in it. */
  checkpoint(since?: number, signal?: AbortSignal): Promise<RegistryReply<RegistryCheckpoint>>
  /** One entry of its log, with its proof. */
  entry(index: number, signal?: AbortSignal): Promise<RegistryReply<ProvenRegistryEntry>>
  register(signed: SignedManifest, signal?: AbortSignal): Promise<RegistryReply<Registered>>
  /** Keeps the listing of a registered manifest alive. */
  renew(
    signer: Signer,
    renewal: Omit<Renewal, 'v' | 'kernel_id'>,
    signal?: AbortSignal,
  ): Promise<RegistryReply<Registered>>
  /** Ends the listing. The next manifest of this kernel needs a `seq` above the withdrawal's. */
  withdraw(
    signer: Signer,
    withdrawal: Omit<Withdrawal, 'v' | 'kernel_id'>,
    signal?: AbortSignal,
  ): Promise<RegistryReply<Registered>>
}

export type RegistryClientInit = {
  fetch: GuardedFetch
  /** Origin of the registry, and a path prefix when it has one. */
  baseUrl: string
}

/** Listings on a page: so many of the largest manifests still fit into the 8 MiB of the JSON profile. */
const PAGE_SIZE = 30
/** A page of the largest manifests, and the JSON around them. */
const MAX_PAGE_BYTES = PAGE_SIZE * (MAX_MANIFEST_BYTES + 1_024)
/** Bounds of one listing over all pages: a directory larger than this is asked with a filter. */
const MAX_LISTINGS = 1_000
const MAX_LISTED_BYTES = 33_554_432
/** Anything that is not a page. */
const MAX_ANSWER_BYTES = MAX_MANIFEST_BYTES + 4_096

export function registryClient(init: RegistryClientInit): RegistryClient {
  const statement = (
    route: 'renew' | 'withdraw',
    typ: string,
    signer: Signer,
    payload: object,
    signal?: AbortSignal,
  ) => {
    const { jws } = signJws(signer, typ, { v: 1, kernel_id: signer.did, ...payload })
    return post(init, route, { statement: jws }, signal)
  }
  return {
    list: (filter, signal) => listAll(init, filter, signal),
    get: async (did, signal) => {
      const path = registryRoutes.get.path.replace(':did', encodeURIComponent(did))
      return answer(await ask(init, path, MAX_ANSWER_BYTES, signal), listingSchema)
    },
    status: async (did, signal) => {
      const path = registryRoutes.status.path.replace(':did', encodeURIComponent(did))
      return answer(await ask(init, path, MAX_ANSWER_BYTES, signal), listingStatusSchema)
    },
    checkpoint: async (since, signal) => {
      const query = since === undefined ? '' : `?since=${since}`
      const path = `${registryRoutes.checkpoint.path}${query}`
      return answer(await ask(init, path, MAX_ANSWER_BYTES, signal), registryCheckpointSchema)
    },
    entry: async (index, signal) => {
      const path = registryRoutes.entry.path.replace(':index', String(index))
      return answer(await ask(init, path, MAX_ANSWER_BYTES, signal), provenEntrySchema)
    },
    register: (signed, signal) => post(init, 'register', { manifest: signed.jws }, signal),
    renew: (signer, renewal, signal) => statement('renew', RENEWAL_TYP, signer, renewal, signal),
    withdraw: (signer, withdrawal, signal) => statement('withdraw', WITHDRAWAL_TYP, signer, withdrawal, signal),
  }
}

async function listAll(init: RegistryClientInit, filter: ListFilter, signal?: AbortSignal): Promise<Listed> {
  const listings: Listing[] = []
  const cursors = new Set<string>()
  let bytes = 0
  let cursor: string | undefined
  do {
    const page = await listPage(init, { ...filter, ...(cursor === undefined ? {} : { cursor }) }, signal)
    if (!page.ok) return { listings, fault: page }
    listings.push(...page.value.listings)
    bytes += page.value.listings.reduce((sum, { manifest }) => sum + manifest.length, 0)
    cursor = page.value.next
    if (cursor === undefined) return { listings }
    if (cursors.has(cursor)) return { listings, fault: refuse('the registry goes round in circles with its pages') }
    cursors.add(cursor)
  } while (listings.length + PAGE_SIZE <= MAX_LISTINGS && bytes < MAX_LISTED_BYTES)
  return { listings, fault: refuse(`the registry lists more than is read here; ask for one capability or tag`) }
}

async function listPage(init: RegistryClientInit, query: ListFilter & { cursor?: string }, signal?: AbortSignal) {
  const text = new URLSearchParams({ limit: String(PAGE_SIZE) })
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, value)
  const fetched = await ask(init, `${registryRoutes.list.path}?${text}`, MAX_PAGE_BYTES, signal)
  return answer(fetched, listResponseSchema)
}

function ask(
  { fetch, baseUrl }: RegistryClientInit,
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Fetched> {
  return fetch.get(routeUrl(baseUrl, path), { maxBytes, signal })
}

async function post(
  { fetch, baseUrl }: RegistryClientInit,
  route: 'register' | 'renew' | 'withdraw',
  body: object,
  signal?: AbortSignal,
): Promise<RegistryReply<Registered>> {
  const message = { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) }
  const url = routeUrl(baseUrl, registryRoutes[route].path)
  return answer(await fetch.post(url, message, { maxBytes: MAX_ANSWER_BYTES, signal }), registeredSchema)
}

type Schema<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

function answer<T>(fetched: Fetched, schema: Schema<T>): RegistryReply<T> {
  if (!fetched.ok) return { ok: false, code: fetchFaultToCode[fetched.code], reason: fetched.reason }
  const parsed = parseStrictJson(fetched.body, 'payload')
  if (fetched.status !== 200 && fetched.status !== 201)
    return refusal(fetched.status, parsed.ok ? parsed.value : undefined)
  const read = parsed.ok ? schema.safeParse(parsed.value) : undefined
  return read?.success === true ? { ok: true, value: read.data } : refuse('what answers there is not a registry')
}

function refusal(status: number, body: unknown): RegistryFault {
  const read = errorBodySchema.safeParse(body)
  if (!read.success) return refuse(`the registry answered with status ${status}`)
  return { ok: false, code: read.data.code, reason: `the registry refused: ${read.data.message ?? read.data.code}` }
}

function refuse(reason: string): RegistryFault {
  return { ok: false, code: 'remote_refused', reason }
}

function routeUrl(baseUrl: string, path: string): string {
  return baseUrl.replace(/\/+$/, '') + path
}
