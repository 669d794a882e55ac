/** The version of a home's layout, as its file `format` says it. */
import { readFile } from 'node:fs/promises'
import { HomeError } from './errors.ts'
import { homePaths } from './home-paths.ts'
import { replaceFile } from './replace-file.ts'

/** What this version writes. */
export const HOME_FORMAT = 2
/** The oldest that it can migrate. */
const OLDEST = 1
const FORM = /^hansa-home\/([1-9][0-9]{0,5})$/

/**
 * @returns the number, when this version can read or migrate it. Nothing is changed.
 * @throws HomeError `home_newer`, `home_format`.
 */
export async function readFormat(root: string): Promise<number> {
  const found = (await readFile(homePaths(root).format, 'utf8').catch(() => 'none')).trim()
  const number = Number(FORM.exec(found)?.[1])
  if (number > HOME_FORMAT) {
    const message =
      `${root} was written by a newer version: it has the format ${found}, and this version reads up to ` +
      `${formatText(HOME_FORMAT)}. Use the version that wrote it, or a newer one. Nothing was changed.`
    throw new HomeError({ code: 'home_newer', path: root, found }, message)
  }
  if (number >= OLDEST) return number
  const message = `${root} has the format ${found.slice(0, 64)}, which is none of a home. Restore it from a backup: hansa restore FILE --home DIR`
  throw new HomeError({ code: 'home_format', path: root, found }, message)
}

/** Replaces the file at once, and for good: a crash leaves the old one or the new one. */
export async function writeFormat(root: string): Promise<void> {
  const { format } = homePaths(root)
  await replaceFile(format, `${formatText(HOME_FORMAT)}\n`)
}

function formatText(number: number): string {
  return `hansa-home/${number}`
}
