/** Pages of a list in the order of its names. A cursor is the name that the page before ended with. */
export type Page<T> = { items: T[]; nextCursor?: string }

/** @returns undefined for a cursor that is none. */
export function pageOf<T>(
  sorted: ReadonlyMap<string, T>,
  cursor: string | undefined,
  size: number,
): Page<T> | undefined {
  const after = cursor === undefined ? '' : nameOf(cursor)
  if (after === undefined) return undefined
  const rest = [...sorted].filter(([name]) => name > after)
  const page = rest.slice(0, size)
  const last = page.at(-1)
  const more = rest.length > size && last !== undefined
  return { items: page.map(([, item]) => item), ...(more ? { nextCursor: cursorOf(last[0]) } : {}) }
}

export function cursorOf(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url')
}

function nameOf(cursor: string): string | undefined {
  const name = Buffer.from(cursor, 'base64url').toString('utf8')
  return name !== '' && cursorOf(name) === cursor ? name : undefined
}
