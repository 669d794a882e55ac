/** Real processes on a real file system: who holds a directory, and what a kill leaves in it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileLogDisk } from './file-log-disk.ts'
import { readEntries } from './read-entries.ts'
import { aDraft, codeOf, LOG_KEY, openOn, readAll } from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'

const program = fileURLToPath(new URL('testing/write-until-killed.ts', import.meta.url))

async function temporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hansa-ledger-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

type Writer = { child: ChildProcess; lines: Interface; said(): string[]; kill(): Promise<void> }

function startWriter(directory: string, nonce: number): Writer {
  const child = spawn(process.execPath, [program, directory, String(nonce)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const said: string[] = []
  lines.on('line', (line) => said.push(line))
  const closed = Promise.all([once(child, 'exit'), once(lines, 'close')])
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    child,
    lines,
    said: () => said,
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** Resolves when the process has printed this many lines. */
async function spoken({ lines, said }: Writer, count: number): Promise<void> {
  while (said().length < count) await once(lines, 'line')
}

describe('a directory', () => {
  it('belongs to one process, and to the next one when that is killed', async () => {
    const directory = await temporary()
    const holder = startWriter(directory, 1)
    await spoken(holder, 1)
    const second = startWriter(directory, 2)
    await spoken(second, 1)
    expect(second.said()).toEqual(['log_locked'])
    expect(await codeOf(openOn(fileLogDisk(directory)))).toBe('log_locked')
    expect((await verifyLog(fileLogDisk(directory), { vkey: LOG_KEY.vkey })).faults).toEqual([])
    await holder.kill()
    const { ledger } = await openOn(fileLogDisk(directory))
    await ledger.close()
  })

  it('belongs to one opening inside a process too', async () => {
    const directory = await temporary()
    const { ledger } = await openOn(fileLogDisk(directory))
    await ledger.append(aDraft(1)).durable
    expect(await codeOf(openOn(fileLogDisk(directory)))).toBe('log_locked')
    await ledger.close()
  })
})

describe('a kill', () => {
  it('takes no acknowledged entry, again and again, and the log verifies after each', async () => {
    const directory = await temporary()
    const acknowledged: number[] = []
    for (let life = 0; life < 4; life++) {
      const writer = startWriter(directory, life)
      await spoken(writer, 200 + life * 37)
      await writer.kill()
      acknowledged.push(
        ...writer
          .said()
          .filter((line) => line !== 'open')
          .map(Number),
      )
      const report = await verifyLog(fileLogDisk(directory), { vkey: LOG_KEY.vkey })
      expect(report.faults).toEqual([])
      const kept = new Set((await readAll(readEntries(fileLogDisk(directory)))).map(({ entry }) => entry.seq))
      expect(acknowledged.filter((seq) => !kept.has(seq))).toEqual([])
    }
    expect(acknowledged.length).toBeGreaterThan(700)
    const { ledger } = await openOn(fileLogDisk(directory))
    await ledger.close()
    expect((await verifyLog(fileLogDisk(directory), { vkey: LOG_KEY.vkey })).verdict).toBe('clean')
  })
})
