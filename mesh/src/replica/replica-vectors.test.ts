import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { replicaPlacesQuestionSchema, replicaPushSchema, replicaRecordsQuestionSchema } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { replicaVectors } from '../testing/replica-vectors.ts'

const root = fileURLToPath(new URL('../../../protocols/vectors', import.meta.url))
const published = readdirSync(join(root, 'replica'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))

type Item = { did: string; kind: string; seq: number; hash: string; place: string }
type Digests = { items: Item[]; places: { prefix: string; count: number; digest: string; children?: string[] }[] }

const read = <T>(path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as T
const hashed = (kind: string, ...parts: (string | Buffer)[]) => {
  const digest = createHash('sha256').update(`hansa/replica-${kind}/v1\n`)
  for (const part of parts) digest.update(part)
  return digest.digest()
}

/** As the contract says it, and not as it is kept. */
function digestAt(items: readonly Item[], prefix: string): Buffer {
  const under = items.filter(({ place }) => place.startsWith(prefix)).sort((a, b) => (a.place < b.place ? -1 : 1))
  if (under.length === 0) return Buffer.alloc(32)
  const records = under.map(({ did, kind, seq, hash }) => hashed('record', `${did}\n${kind}\n${seq}\n${hash}`))
  if (under.length <= 16) return hashed('leaf', ...records)
  return hashed('node', ...[...'0123456789abcdef'].map((digit) => digestAt(under, prefix + digit)))
}

describe('the vectors of the replica', () => {
  it('are the generated ones, and no others', () => {
    const vectors = replicaVectors()
    expect(published.sort()).toEqual(vectors.map(({ path }) => path).sort())
    for (const { path, content } of vectors) expect(read(path), path).toEqual(JSON.parse(JSON.stringify(content)))
  })

  it.each(['empty', 'leaf', 'tree'])('have the digests that the contract says: %s', (name) => {
    const { items, places } = read<Digests>(`replica/valid/${name}.json`)
    for (const { did, place } of items) expect(createHash('sha256').update(did).digest('hex')).toBe(place)
    for (const { prefix, count, digest, children } of places) {
      const under = items.filter(({ place }) => place.startsWith(prefix))
      expect(count).toBe(under.length)
      expect(digest).toBe(under.length === 0 ? '' : digestAt(items, prefix).toString('base64url'))
      expect(children === undefined).toBe(under.length <= 16)
      children?.forEach((child, digit) => {
        const below = digestAt(items, prefix + digit.toString(16))
        expect(child).toBe(below.equals(Buffer.alloc(32)) ? '' : below.toString('base64url'))
      })
    }
  })

  it.each(published.filter((path) => path.startsWith('replica/invalid/')))('refuse %s', (path) => {
    const { message, body } = read<{ message: string; body: object }>(path)
    const schemas = {
      places: replicaPlacesQuestionSchema,
      records: replicaRecordsQuestionSchema,
      push: replicaPushSchema,
    }
    expect(schemas[message as keyof typeof schemas].safeParse(body).success).toBe(false)
  })
})
