/**
 * Writes the vectors of this package: `node trust/src/testing/vector-files/write-vectors.ts`. A vector that is published is
 * not changed: a new one goes beside it, and the test of this folder fails on any difference.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allVectors } from './all-vectors.ts'
import { vectorText } from './vector-file.ts'

const root = fileURLToPath(new URL('../../../../protocols/vectors', import.meta.url))
for (const file of allVectors()) {
  const path = join(root, file.path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, vectorText(file))
}
