/** Adapter: evidence about other kernels as files that can be handed on, each written once and for good. */
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '@hansa/trust'
import type { KeepEvidence } from '../gossip/evidence-book.ts'
import type { HomePaths } from './home-paths.ts'

export function evidenceFiles({ evidence }: Pick<HomePaths, 'evidence'>): KeepEvidence {
  return async (name, text) => {
    await mkdir(evidence, { recursive: true, mode: 0o700 })
    const path = join(evidence, name)
    const file = await open(path, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await syncDirectory(evidence)
    return path
  }
}
