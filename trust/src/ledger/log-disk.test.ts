import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileLogDisk } from './file-log-disk.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import { describeLogDisk } from './testing/describe-log-disk.ts'
import { codeOf } from './testing/fixture.ts'

const bytes = (value: string) => Buffer.from(value)
const text = (value: Uint8Array) => Buffer.from(value).toString()

async function temporary(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'hansa-log-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describeLogDisk('memory', async () => {
  const disk = memoryLogDisk()
  return { disk, again: () => disk, dispose: async () => {} }
})

describeLogDisk('files', async () => {
  const directory = await temporary()
  const path = join(directory.path, 'made', 'when', 'locked')
  return {
    disk: fileLogDisk(path),
    again: () => fileLogDisk(path),
    dispose: async () => directory[Symbol.asyncDispose](),
  }
})

describe(fileLogDisk, () => {
  it('lets only the owner read, whatever the umask says', async () => {
    await using directory = await temporary()
    const path = join(directory.path, 'log')
    const disk = fileLogDisk(path)
    const release = await disk.lock()
    await (await disk.open('a')).close()
    await disk.replace('b', bytes('x'))
    await release()
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(path)) expect((await stat(join(path, name))).mode & 0o077).toBe(0)
  })

  it('creates nothing for a reader', async () => {
    await using directory = await temporary()
    const disk = fileLogDisk(join(directory.path, 'absent'))
    expect(await disk.list()).toEqual([])
    expect(await disk.read('a', 0, 1)).toHaveLength(0)
    expect(await readdir(directory.path)).toEqual([])
  })

  it('takes a file for an absent directory', async () => {
    await using directory = await temporary()
    await writeFile(join(directory.path, 'file'), 'x')
    expect(await fileLogDisk(join(directory.path, 'file')).list()).toEqual([])
  })

  it.each([
    ['a pipe, which would never answer', (path: string) => execFileSync('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('takes %s in the place of a file for an absent one', async (_what, make) => {
    await using directory = await temporary()
    make(join(directory.path, 'checkpoint'))
    const disk = fileLogDisk(directory.path)
    expect(await disk.read('checkpoint', 0, 10)).toHaveLength(0)
    expect(await disk.size('checkpoint')).toBeUndefined()
  })

  it.each(['../a', 'a/b', '.lock', '', 'A', 'a\0'])('has no file named %j', async (name) => {
    await using directory = await temporary()
    const disk = fileLogDisk(directory.path)
    await expect(async () => disk.read(name, 0, 1)).rejects.toThrow(RangeError)
    await expect(async () => disk.replace(name, bytes('x'))).rejects.toThrow(RangeError)
  })

  it.skipIf(process.getuid?.() === 0)(
    'says which file of a disk that refuses could not be written (skipped as root)',
    async () => {
      await using directory = await temporary()
      await chmod(directory.path, 0o500)
      expect(await codeOf(fileLogDisk(directory.path).open('a'))).toBe('log_broken')
    },
  )
})

describe(memoryLogDisk, () => {
  async function written(...parts: { text: string; synced: boolean }[]) {
    const disk = memoryLogDisk()
    const file = await disk.open('a')
    await disk.syncDirectory()
    for (const part of parts) {
      await file.append(bytes(part.text))
      if (part.synced) await file.datasync()
    }
    return { disk, file }
  }

  it('loses with the power what no sync covered', async () => {
    const { disk } = await written({ text: 'kept', synced: true }, { text: 'lost', synced: false })
    disk.lose()
    expect(text(await disk.read('a', 0, 100))).toBe('kept')
  })

  it('can keep a torn part of it', async () => {
    const { disk } = await written({ text: 'kept', synced: true }, { text: 'lost', synced: false })
    disk.lose(3)
    expect(text(await disk.read('a', 0, 100))).toBe('keptlos')
  })

  it('loses a file whose name was never synced, bytes and all', async () => {
    const disk = memoryLogDisk()
    const file = await disk.open('a')
    await file.append(bytes('x'))
    await file.datasync()
    disk.lose()
    expect(await disk.list()).toEqual([])
  })

  it('keeps what was replaced or cut', async () => {
    const { disk } = await written({ text: 'abcdef', synced: true })
    await disk.replace('b', bytes('whole'))
    await disk.truncate('a', 2)
    disk.lose()
    expect(text(await disk.read('a', 0, 100))).toBe('ab')
    expect(text(await disk.read('b', 0, 100))).toBe('whole')
  })

  it('closes what was open and unlocks when the power goes', async () => {
    const { disk, file } = await written({ text: 'x', synced: true })
    const release = await disk.lock()
    disk.lose()
    await expect(file.append(bytes('y'))).rejects.toThrow('was open')
    const again = await disk.lock()
    // A lock of the life before does not open the one of this life.
    await release()
    expect(await codeOf(disk.lock())).toBe('log_locked')
    await again()
  })

  it('keeps every byte when only the process ends', async () => {
    const { disk } = await written({ text: 'x', synced: false })
    disk.crash()
    expect(text(await disk.read('a', 0, 100))).toBe('x')
  })

  it('answers log_full beyond its capacity, after a part was written', async () => {
    const disk = memoryLogDisk('small', 10)
    const file = await disk.open('a')
    await file.append(bytes('12345678'))
    expect(await codeOf(file.append(bytes('abcdef')))).toBe('log_full')
    expect(await disk.size('a')).toBeGreaterThan(8)
    expect(await disk.size('a')).toBeLessThan(14)
    expect(await codeOf(disk.replace('b', bytes('abcdefgh')))).toBe('log_full')
  })

  it('finds no room once, at the write it was told', async () => {
    const disk = memoryLogDisk()
    const file = await disk.open('a')
    disk.fillAt(2)
    await file.append(bytes('1'))
    expect(await codeOf(file.append(bytes('23')))).toBe('log_full')
    await file.append(bytes('4'))
    expect(text(await disk.read('a', 0, 9))).toBe('124')
  })

  it('fails one sync', async () => {
    const { disk, file } = await written()
    disk.breakSync()
    expect(await codeOf(file.datasync())).toBe('log_broken')
    await file.datasync()
  })

  it('copies what it holds, and not who holds it', async () => {
    const { disk } = await written({ text: 'x', synced: false })
    await disk.lock()
    const copy = disk.copy()
    copy.flip('a', 0)
    await copy.lock()
    expect(text(await disk.read('a', 0, 1))).toBe('x')
    expect(text(await copy.read('a', 0, 1))).toBe('y')
  })
})
