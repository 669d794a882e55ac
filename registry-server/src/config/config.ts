/** Settings as text become a checked configuration, or the list of everything that is wrong with them. */
import { type AllowPrivate, guardedFetch } from '@hansa/mesh/registry'
import { parseLocation, StorageError } from '@hansa/storage'
import { senderBehind } from '../limits/sender.ts'
import type { WatchBounds } from '../watch/serve-watch.ts'
import type { RegistrySettings } from './env.ts'

export type RegistryConfig = Readonly<{
  /** Name or address to listen on. */
  host: string
  /** 0 takes a free port. */
  port: number
  /** `sqlite:PATH`, `memory:` or `postgres://…`. */
  database: string
  /** How long a listing lasts without a heartbeat, seconds. */
  ttlSeconds: number
  /** How long an unreachable kernel is waited for before it counts as dead, seconds. */
  deadAfterSeconds: number
  /** File of the key that signs the log; made when it is not there. Absent: beside a SQLite file. */
  logKeyFile?: string
  /** Name of the log in its checkpoints. Absent: made of its key. */
  logOrigin?: string
  watch: WatchBounds
  /** Base URLs of registries whose listings are taken over. */
  replicateFrom: readonly string[]
  /** Which addresses besides public ones may be asked: for identities, and for other registries. */
  allowPrivate: AllowPrivate
  /** Addresses and ranges of proxies whose word counts for whom a request came from. */
  trustProxy: readonly string[]
  /** Multikeys of did:web kernels, which prove nothing by themselves. */
  pinned: Readonly<Record<string, readonly string[]>>
  /** Kernels that are remembered at the same time, listed or not; another one is told `busy`. */
  maxKernels: number
  /** Writes that one address may send at once, and how many it gets back each second. */
  writes: Readonly<{ burst: number; perSecond: number }>
  /** The same for one kernel, over all addresses. */
  kernelWrites: Readonly<{ burst: number; perSecond: number }>
  /** How long a stopping registry waits for requests that run, milliseconds. */
  drainMs: number
}>

export const defaultConfig: RegistryConfig = Object.freeze({
  host: '127.0.0.1',
  port: 7070,
  database: 'sqlite:hansa-registry.sqlite',
  // Three heartbeats of half a minute: two may be lost.
  ttlSeconds: 90,
  // A restart of a machine is no death.
  deadAfterSeconds: 900,
  // A reader costs one socket and one event in memory.
  watch: Object.freeze({ maxBehind: 10_000, maxReaders: 256, maxPerSource: 32, turnMs: 30_000, stallMs: 30_000 }),
  // A page of the largest manifests is 1 MiB and the whole directory below 3 GiB.
  maxKernels: 10_000,
  replicateFrom: Object.freeze([]),
  allowPrivate: false,
  trustProxy: Object.freeze([]),
  pinned: Object.freeze({}),
  // An organisation of thirty kernels behind one address can start together; verifying costs a tenth of a millisecond.
  writes: Object.freeze({ burst: 60, perSecond: 5 }),
  // A heartbeat every half minute, a manifest every half hour, and what a restart or a test of its operator takes besides.
  kernelWrites: Object.freeze({ burst: 30, perSecond: 0.5 }),
  drainMs: 5000,
})

/** Longest life of a listing without a heartbeat, seconds: what is dead must not look alive for longer than an hour. */
const MAX_TTL_SECONDS = 3600

/** After a week nobody waits any more. */
const MAX_DEAD_AFTER_SECONDS = 604_800

export type ConfigReading = { ok: true; config: RegistryConfig } | { ok: false; faults: string[] }

/** @param settings what is given; for the rest the defaults hold. */
export function readConfig(settings: RegistrySettings): ConfigReading {
  const faults: string[] = []
  const config: { -readonly [K in keyof RegistryConfig]: RegistryConfig[K] } = { ...defaultConfig }

  if (settings.listen !== undefined) {
    const address = parseListen(settings.listen)
    if (address === undefined)
      faults.push(`--listen ${JSON.stringify(settings.listen)} is not HOST:PORT; port 0 takes a free one.`)
    else Object.assign(config, address)
  }
  if (settings.ttl !== undefined) {
    const ttl = /^\d{1,4}$/.test(settings.ttl) ? Number(settings.ttl) : 0
    if (ttl < 1 || ttl > MAX_TTL_SECONDS)
      faults.push(`--ttl ${JSON.stringify(settings.ttl)} is not a number of seconds from 1 to ${MAX_TTL_SECONDS}.`)
    else config.ttlSeconds = ttl
  }
  if (settings.deadAfter !== undefined) {
    const seconds = /^\d{1,6}$/.test(settings.deadAfter) ? Number(settings.deadAfter) : 0
    if (seconds < 1 || seconds > MAX_DEAD_AFTER_SECONDS)
      faults.push(
        `--dead-after ${JSON.stringify(settings.deadAfter)} is not a number of seconds from 1 to ${MAX_DEAD_AFTER_SECONDS}.`,
      )
    else config.deadAfterSeconds = seconds
  }
  if (settings.replicateFrom !== undefined) {
    const urls = words(settings.replicateFrom)
    const wrong = urls.filter((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    if (wrong.length > 0) faults.push(`--replicate-from ${JSON.stringify(wrong.join(' '))} is no http(s) URL.`)
    else config.replicateFrom = Object.freeze([...new Set(urls)])
  }
  if (settings.allowPrivate !== undefined) {
    const ranges = words(settings.allowPrivate)
    const fault = faultOf(() => guardedFetch({ allowPrivate: ranges }))
    if (fault === undefined) config.allowPrivate = ranges
    else faults.push(`--allow-private: ${fault}`)
  }
  if (settings.trustProxy !== undefined) {
    const proxies = words(settings.trustProxy)
    const fault = faultOf(() => senderBehind(proxies))
    if (fault === undefined) config.trustProxy = Object.freeze(proxies)
    else faults.push(`--trust-proxy: ${fault}`)
  }
  if (settings.pin !== undefined) {
    const pins = words(settings.pin).map((pin) => /^(did:web:[^=]+)=(z6Mk[1-9A-HJ-NP-Za-km-z]{44})$/.exec(pin))
    if (pins.includes(null)) faults.push(`--pin ${JSON.stringify(settings.pin)} is not did:web:HOST=z6Mk…`)
    else
      config.pinned = Object.freeze(
        Object.fromEntries(
          [...Map.groupBy(pins, (pin) => pin?.[1] ?? '')].map(([did, of]) => [did, of.map((pin) => pin?.[2] ?? '')]),
        ),
      )
  }
  if (settings.logKey !== undefined) config.logKeyFile = settings.logKey
  if (settings.logOrigin !== undefined) {
    if (!isLogOrigin(settings.logOrigin))
      faults.push(
        `--log-origin ${JSON.stringify(settings.logOrigin)} is no name of a log: no spaces, no plus sign, at most 200 characters.`,
      )
    else config.logOrigin = settings.logOrigin
  }
  if (settings.database !== undefined) {
    const fault = databaseFault(settings.database)
    if (fault !== undefined) faults.push(`--database (or DATABASE_URL): ${fault}`)
    else config.database = settings.database
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: Object.freeze(config) }
}

/** Several values of one option, or of one variable. */
function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a C2SP note takes for a key name. */
function isLogOrigin(text: string): boolean {
  return /^[\x21-\x2a\x2c-\x7e]{1,200}$/.test(text)
}

/** `HOST:PORT`, with an IPv6 address in brackets. */
function parseListen(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

function databaseFault(url: string): string | undefined {
  try {
    parseLocation(url)
    return undefined
  } catch (error) {
    if (error instanceof StorageError) return error.message
    throw error
  }
}
