import { type AllowPrivate, urlRefusal } from '@hansa/mesh'

/** Why a URL of the configuration cannot be fetched, with what would allow it; undefined when it can. */
export function urlFault(url: string, allow: AllowPrivate): string | undefined {
  try {
    const reason = urlRefusal(url, allow)
    if (reason === undefined) return undefined
    return `${reason}${urlRefusal(url, true) === undefined ? '; to reach it, name it in allow_private' : ''}`
  } catch {
    // A range that cannot be read is a fault of its own.
    return undefined
  }
}
