import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import type { PolicySource } from '@hansa/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPolicies } from '../config/index.ts'
import { PolicyFiles } from './policy-files.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-policies-'))
  await mkdir(join(directory, 'policy.d'))
  await put('policy.yaml', ruled('first'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const ruled = (id: string) => `rules: [{ id: ${id}, effect: allow, subject: '*', action: invoke, resource: x }]\n`
const put = (file: string, text: string) => writeFile(join(directory, file), text)

async function opened() {
  const loaded: string[] = []
  const refused: unknown[] = []
  const load = async (sources: readonly PolicySource[]) => {
    loaded.push(sources.map((source) => ('text' in source ? source.text : '')).join(''))
    return { version: loaded.length + 1, rules: sources.length }
  }
  const logger = { ...silentLogger, error: (_event: string, fields?: object) => void refused.push(fields) }
  const paths = [join(directory, 'policy.yaml'), join(directory, 'policy.d')]
  const { sources } = await readPolicies(paths)
  const files = new PolicyFiles(sources, { load, logger })
  const looks = async (count: number) => {
    for (let look = 0; look < count; look++) await files.look(await readPolicies(paths))
  }
  return { files, loaded, refused, looks }
}

describe(PolicyFiles, () => {
  it('leaves the policy alone while no file changes', async () => {
    const { loaded, looks } = await opened()
    await looks(3)
    expect(loaded).toEqual([])
  })

  it('puts a change in force once, when two looks saw the same', async () => {
    const { loaded, looks } = await opened()
    await put('policy.yaml', ruled('second'))
    await looks(1)
    expect(loaded).toEqual([])
    await looks(3)
    expect(loaded).toEqual([ruled('second')])
  })

  it('waits out an editor that empties the file before it writes it', async () => {
    const { loaded, refused, looks } = await opened()
    await put('policy.yaml', '')
    await looks(1)
    await put('policy.yaml', 'rules:\n')
    await looks(1)
    await put('policy.yaml', ruled('second'))
    await looks(2)
    expect({ loaded, refused }).toEqual({ loaded: [ruled('second')], refused: [] })
  })

  it('follows a file that was replaced by another of the same name', async () => {
    const { loaded, looks } = await opened()
    await put('.policy.yaml.swp', ruled('second'))
    await rename(join(directory, '.policy.yaml.swp'), join(directory, 'policy.yaml'))
    await looks(2)
    expect(loaded).toEqual([ruled('second')])
  })

  it('takes in a file that comes into a directory, and what it said goes with it', async () => {
    const { loaded, looks } = await opened()
    await put('policy.d/peer.yaml', ruled('peer'))
    await looks(2)
    await unlink(join(directory, 'policy.d', 'peer.yaml'))
    await looks(2)
    expect(loaded).toEqual([ruled('first') + ruled('peer'), ruled('first')])
  })

  it.each([
    ['is no rule', () => put('policy.yaml', 'rules: [{ id: a, effect: alow }]'), 'policy.yaml:1'],
    ['is gone', () => unlink(join(directory, 'policy.yaml')), 'there is no such policy file'],
  ])('keeps the old policy and says once why, when a file %s', async (_what, spoil, said) => {
    const { files, loaded, refused, looks } = await opened()
    await spoil()
    await looks(5)
    expect(loaded).toEqual([])
    expect(refused).toHaveLength(1)
    expect(files.faults.join('\n')).toContain(said)
    await put('policy.yaml', ruled('third'))
    await looks(2)
    expect({ loaded, faults: files.faults }).toEqual({ loaded: [ruled('third')], faults: [] })
  })
})
