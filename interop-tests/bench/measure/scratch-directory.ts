/**
 * Directories for the logs of one run, inside the repository: what a sync costs depends on the disk, and a system's
 * temporary directory is often in memory.
 */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../.bench/', import.meta.url))

export interface ScratchDirectory extends AsyncDisposable {
  readonly path: string
  /** A new directory inside. */
  make(name: string): Promise<string>
}

export async function scratchDirectory(): Promise<ScratchDirectory> {
  await mkdir(ROOT, { recursive: true })
  const path = await mkdtemp(join(ROOT, 'run-'))
  // A run that is interrupted leaves by `exit` too.
  const removeNow = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  process.on('exit', removeNow)
  return {
    path,
    async make(name) {
      const made = join(path, name)
      await mkdir(made)
      return made
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', removeNow)
      await rm(path, { recursive: true, force: true })
      // Another run may be using it.
      await rmdir(ROOT).catch(() => {})
    },
  }
}
