/** Reading an endpoint's base URL, as a manifest names it. Pure. */

export type EndpointParts = {
  /** Scheme, host and port in lower case, without the scheme's own port. */
  origin: string
  hostname: string
  protocol: string
  /** What goes before each path: empty, or `/` and segments without a final slash. */
  prefix: string
}

/** @returns undefined when it is not a URL with a host, or has a query, a fragment, a name or a password. */
export function endpointParts(endpoint: string): EndpointParts | undefined {
  const url = URL.parse(endpoint)
  if (url === null || url.host === '' || url.search !== '' || url.hash !== '') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  const prefix = url.pathname.replace(/\/+$/, '')
  const { protocol, hostname } = url
  return { origin: `${protocol}//${url.host.toLowerCase()}`, hostname: hostname.toLowerCase(), protocol, prefix }
}
