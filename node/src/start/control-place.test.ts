import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { announceControl, announcedControl, controlPlace } from './control-place.ts'

describe(controlPlace, () => {
  it('is a socket in the home, as long as its path is short enough for every system', () => {
    const home = (length: number) => `/${'h'.repeat(length - '/'.length - '/control.sock'.length)}`
    expect(controlPlace(home(100))).toEqual({ kind: 'unix', path: `${home(100)}/control.sock` })
    expect(controlPlace(home(101))).toEqual({
      kind: 'loopback',
      urlFile: `${home(101)}/control.url`,
      tokenFile: `${home(101)}/control.token`,
    })
  })

  it('counts bytes and not characters', () => {
    expect(controlPlace(`/${'ü'.repeat(60)}`).kind).toBe('loopback')
  })

  it('is announced in a file of its owner while the node runs', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-place-'))
    const place = { kind: 'loopback', urlFile: join(directory, 'control.url'), tokenFile: 'unused' } as const
    expect(await announcedControl(place)).toBeUndefined()
    const withdraw = await announceControl(place, 'http://127.0.0.1:1')
    expect(await announcedControl(place)).toBe('http://127.0.0.1:1')
    expect((await stat(place.urlFile)).mode & 0o777).toBe(0o600)
    await withdraw()
    expect(await announcedControl(place)).toBeUndefined()
    await rm(directory, { recursive: true })
  })
})
