/**
 * Where the control interface of a home is: a Unix socket in it, or, where the path of a socket would be too long for
 * the system, loopback with a token file, and the address in `control.url`.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { homePaths } from '../home/home-paths.ts'

/** Bytes of a socket path that every system takes (104 and 108 with the zero at the end). */
const MAX_SOCKET_PATH_BYTES = 100

export type ControlPlace = { kind: 'unix'; path: string } | { kind: 'loopback'; urlFile: string; tokenFile: string }

/** @param home absolute path. */
export function controlPlace(home: string): ControlPlace {
  const { controlSocket: path, controlToken: tokenFile } = homePaths(home)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { kind: 'unix', path }
  return { kind: 'loopback', urlFile: join(home, 'control.url'), tokenFile }
}

/** Tells others where the loopback port is. @returns takes it back. */
export async function announceControl(place: ControlPlace, url: string): Promise<() => Promise<void>> {
  if (place.kind === 'unix') return async () => {}
  await writeFile(place.urlFile, `${url}\n`, { mode: 0o600 })
  return () => rm(place.urlFile, { force: true })
}

/** @returns undefined when no node has announced itself. */
export async function announcedControl(
  place: Extract<ControlPlace, { kind: 'loopback' }>,
): Promise<string | undefined> {
  return readFile(place.urlFile, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
}
