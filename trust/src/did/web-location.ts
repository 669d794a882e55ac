/**
 * Where did:web and did:webvh identifiers say that they are published: a DNS name, perhaps a port, perhaps a path. Only the
 * canonical spelling is read: lower case, the port as `%3A`, nothing else percent-encoded. So no decoder can find in it an
 * address, a `..` or a slash that this one did not see.
 */
import { type Did, isDid } from '@hansa/protocols'

export type WebLocation = {
  did: Did
  method: 'web' | 'webvh'
  /** Of a did:webvh. */
  scid: string
  host: string
  port?: number
  path: readonly string[]
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
/** base58btc of a SHA-256 multihash: 46 characters that begin with `Qm`. */
const SCID = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/
const MAX_HOST_CHARS = 253
const MAX_PORT = 65_535

/** @returns undefined for any other DID, and for one whose host or path is not plain. */
export function webLocation(did: string): WebLocation | undefined {
  if (!isDid(did)) return undefined
  const [, method, ...rest] = did.split(':')
  if (method === 'web') return locationOf(did, method, '', rest)
  if (method !== 'webvh') return undefined
  const [scid = '', ...place] = rest
  return SCID.test(scid) ? locationOf(did, method, scid, place) : undefined
}

/** The did:web identifier of the same place. */
export function didWebOf({ host, port, path }: Pick<WebLocation, 'host' | 'port' | 'path'>): Did {
  return `did:web:${[hostText(host, port), ...path].join(':')}`
}

/** `host` or `host%3Aport`, as it stands in an identifier. */
export function hostText(host: string, port: number | undefined): string {
  return port === undefined ? host : `${host}%3A${port}`
}

/** Path under which a file of the identifier is published, such as `/.well-known/did.jsonl`. */
export function publishedPath({ path }: Pick<WebLocation, 'path'>, file: PublishedFile): string {
  return `/${[...(path.length === 0 ? ['.well-known'] : path), file].join('/')}`
}

export type PublishedFile = 'did.json' | 'did.jsonl' | 'did-witness.json'

/** https URL of a file of the identifier. */
export function publishedUrl(location: WebLocation, file: PublishedFile): string {
  const { host, port } = location
  return `https://${host}${port === undefined ? '' : `:${port}`}${publishedPath(location, file)}`
}

function locationOf(
  did: Did,
  method: WebLocation['method'],
  scid: string,
  [place = '', ...path]: string[],
): WebLocation | undefined {
  const [host = '', portText, ...more] = place.split('%3A')
  const port = portText === undefined ? undefined : portOf(portText)
  if (more.length > 0 || (portText !== undefined && port === undefined)) return undefined
  if (!isDnsName(host) || !path.every((segment) => SEGMENT.test(segment))) return undefined
  return { did, method, scid, host, path, ...(port === undefined ? {} : { port }) }
}

function portOf(text: string): number | undefined {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN
  return port <= MAX_PORT ? port : undefined
}

/** The URL parser reads a name whose last label is a number, decimal or hexadecimal, as an address. */
function isDnsName(host: string): boolean {
  const labels = host.split('.')
  const last = labels.at(-1) ?? ''
  const isNumber = /^[0-9]+$/.test(last) || /^0x[0-9a-f]*$/.test(last)
  return host.length <= MAX_HOST_CHARS && !isNumber && labels.every((label) => LABEL.test(label))
}
