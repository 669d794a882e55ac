/** A floor that does not do its work is no floor: what the signed exchange claims to check, it checks. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GroupCommitLog } from './group-commit-log.ts'
import { leafHash, rootAndPaths, rootFromPath } from './merkle-batch.ts'
import { digest, joinFrames, keyOf, newIdentity, readFrames } from './signed-statements.ts'
import { type Signing, statementSigner, statementVerifier } from './statement-signing.ts'

const statements = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`statement ${at}`))

describe(rootFromPath, () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 31, 33])('leads from every leaf of %i to the root', (size) => {
    const leaves = statements(size).map(leafHash)
    const { root, paths } = rootAndPaths(leaves)
    for (const [index, leaf] of leaves.entries()) {
      expect(rootFromPath(leaf, index, size, paths[index] ?? [])).toEqual(root)
    }
  })

  it('is the tree of RFC 6962: the empty statement alone has its published leaf hash', () => {
    const published = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
    expect(rootAndPaths([leafHash(Buffer.alloc(0))]).root.toString('hex')).toBe(published)
  })

  it('leads nowhere from an index outside, or with a path of another length', () => {
    const leaves = statements(3).map(leafHash)
    const { paths } = rootAndPaths(leaves)
    const [leaf = Buffer.alloc(0)] = leaves
    const [path = []] = paths
    expect(rootFromPath(leaf, 3, 3, path)).toBeUndefined()
    expect(rootFromPath(leaf, 0, 3, path.slice(1))).toBeUndefined()
    expect(rootFromPath(leaf, 0, 3, [...path, leaf])).toBeUndefined()
  })
})

describe.each<Signing>(['single', 'batched'])('statements signed %s', (signing) => {
  const alice = newIdentity()
  const mallory = newIdentity()
  const sign = statementSigner(signing, alice.privateKey)
  const verify = statementVerifier(signing, keyOf(alice.publicKey))

  it('verify, each with its own proof', async () => {
    const all = statements(5)
    const proofs = await Promise.all(all.map(sign))
    expect(all.map((statement, at) => verify(statement, proofs[at] ?? Buffer.alloc(0)))).toEqual(all.map(() => true))
  })

  it('do not verify with the proof of another one, also after that one was seen', async () => {
    const [first, second] = [Buffer.from('first'), Buffer.from('second')]
    const [proof] = await Promise.all([sign(first), sign(second)])
    expect(verify(first, proof)).toBe(true)
    expect(verify(second, proof)).toBe(false)
  })

  it("do not verify with mallory's signature, or with a proof that is cut short", async () => {
    const statement = Buffer.from('statement')
    const forged = await statementSigner(signing, mallory.privateKey)(statement)
    const proof = await sign(statement)
    expect(verify(statement, forged)).toBe(false)
    expect(verify(statement, proof.subarray(0, -1))).toBe(false)
    expect(verify(statement, proof)).toBe(true)
  })
})

describe(GroupCommitLog, () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'floor-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('has written a record, linked to the one before, when it says that it is durable', async () => {
    const path = join(directory, 'log')
    const log = new GroupCommitLog(path)
    const first = log.append('intent.sent', Buffer.from('one'))
    await first.durable
    const bodyAt = 4 + 32 + 1
    expect(readFileSync(path).subarray(bodyAt).toString()).toBe('one')

    const others = ['two', 'three'].map((body) => log.append('outcome', Buffer.from(body)))
    await Promise.all(others.map(({ durable }) => durable))
    const file = readFileSync(path)
    const second = bodyAt + 'one'.length
    expect(file.subarray(second + 4, second + 36)).toEqual(first.hash)
    expect(digest(file.subarray(0, second))).toBe(first.hash.toString('base64url'))
    expect(others.map(({ index }) => index)).toEqual([1, 2])
  })
})

describe(readFrames, () => {
  const frames = ['proof', 'statement', 'salt', 'content'].map((text) => Buffer.from(text))

  it('gives back what was joined', () => {
    const [proof, statement, salt, content] = frames
    expect(readFrames(joinFrames(frames))).toEqual({ proof, statement, salt, content })
  })

  it('refuses a body that is cut short or has something behind it', () => {
    const body = joinFrames(frames)
    expect(() => readFrames(body.subarray(0, -1))).toThrow(RangeError)
    expect(() => readFrames(Buffer.concat([body, Buffer.from('x')]))).toThrow(RangeError)
  })
})
