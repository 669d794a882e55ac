import { exchangePaths } from '@hansa/protocols'

/**
 * Where the manifest is, for a URL that an operator gave. A URL whose last segment is `manifest` or has a dot, or that has
 * a query, is a manifest's own and is asked as it is; any other is the base URL of a kernel. Pure; what is not a URL comes
 * back as it is, for the fetch to refuse.
 */
export function manifestUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) return text
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  if (last === 'manifest' || last.includes('.') || url.search !== '') return text
  url.pathname = url.pathname.replace(/\/+$/, '') + exchangePaths.manifest
  return url.href
}
