/** `versionTime` of did:webvh: ISO 8601 in UTC, with its zone said. */
const UTC = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/

/** @returns Unix milliseconds; undefined for another form, and for a day or an hour that does not exist. */
export function parseVersionTime(text: string): number | undefined {
  const [, whole, fraction = ''] = UTC.exec(text) ?? []
  if (whole === undefined) return undefined
  const ms = Date.parse(`${whole}Z`)
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(whole)) return undefined
  return ms + Number(fraction.slice(0, 3).padEnd(3, '0'))
}

/** Whole seconds, as other implementations write them. @param ms Unix milliseconds */
export function formatVersionTime(ms: number): string {
  return `${new Date(ms - (ms % 1000)).toISOString().slice(0, 19)}Z`
}
