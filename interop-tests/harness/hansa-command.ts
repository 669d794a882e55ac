/**
 * The `hansa` command as it is published: bundled, because it starts in half the time of the sources, and tests start it
 * some hundred times. It is made once for the sources as they are, and kept beside the installed packages.
 */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const REPOSITORY = join(import.meta.dirname, '../..')
const CACHE = join(REPOSITORY, 'node_modules/.cache/hansa-command')
const BUNDLED = ['protocols/src', 'trust/src', 'storage/src', 'mesh/src', 'node/src', 'node/bin', 'node/build']
const BESIDE = ['node/package.json', 'pnpm-lock.yaml']
/** Bundles of other sources than these are kept for so many milliseconds: a run that began before may use one. */
const KEPT_MS = 3_600_000

/** Path of the script that runs it. */
export const HANSA_BIN: string = join(await bundledCommand(), 'bin/hansa.js')

/** @returns the directory of the bundle for these sources. */
async function bundledCommand(): Promise<string> {
  const bundle = join(CACHE, await nameOfSources())
  if (await exists(bundle)) return bundle
  const own = join(CACHE, `.${randomUUID()}`)
  await mkdir(own, { recursive: true })
  await promisify(execFile)(process.execPath, [join(REPOSITORY, 'node/build/bundle-command.ts'), own])
  await dropOld()
  try {
    await rename(own, bundle)
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    // Another process was first.
    if (!(await exists(bundle))) throw error
  }
  return bundle
}

/** Changes when a source does: from paths, sizes and times, because reading a thousand files takes a while. */
async function nameOfSources(): Promise<string> {
  const found = await Promise.all(BUNDLED.map((folder) => readdir(join(REPOSITORY, folder), { recursive: true })))
  const paths = found.flatMap((names, at) => names.map((name) => `${BUNDLED[at]}/${name}`))
  const sources = paths.filter((path) => /\.[jt]s$/.test(path) && !path.endsWith('.test.ts'))
  const lines = [...sources, ...BESIDE].sort().map(async (path) => {
    const { size, mtimeMs } = await stat(join(REPOSITORY, path))
    return `${path} ${size} ${mtimeMs}\n`
  })
  const digest = createHash('sha256')
  for (const line of await Promise.all(lines)) digest.update(line)
  return digest.digest('hex').slice(0, 32)
}

async function dropOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name)
    const age =
      Date.now() -
      (await stat(path)
        .catch(() => undefined)
        .then((found) => found?.mtimeMs ?? Date.now()))
    if (age > KEPT_MS) await rm(path, { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
