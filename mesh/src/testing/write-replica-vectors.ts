/** Writes `protocols/vectors/replica` again: `node mesh/src/testing/write-replica-vectors.ts`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { replicaVectors } from './replica-vectors.ts'

const root = fileURLToPath(new URL('../../../protocols/vectors', import.meta.url))
rmSync(join(root, 'replica'), { recursive: true, force: true })
for (const { path, content } of replicaVectors()) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), `${JSON.stringify(content, null, 2)}\n`)
}
