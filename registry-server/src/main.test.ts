import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bob } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { asker, manifestOf } from './testing/test-registry.ts'

const BIN = join(import.meta.dirname, '..', 'bin', 'hansa-registry.js')

let directory = ''
const children: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hansa-registry-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const lines = createInterface({ input: child.stdout })
  const firstLine = async () => String((await once(lines, 'line'))[0])
  const ended = async () => {
    const [code] = await once(child, 'close')
    return { code, errors }
  }
  return { child, firstLine, ended }
}

const FREE = ['--listen', '127.0.0.1:0', '--json']

async function ready(args: string[] = FREE, env: Record<string, string> = {}) {
  const registry = start(args, env)
  const { url, database } = JSON.parse(await registry.firstLine())
  return { ...registry, url, database, ask: asker(url) }
}

/** The process has the clock of the machine, so the manifest begins now. */
function freshManifest(seq?: number): string {
  const now = Math.floor(systemClock.now() / 1000)
  return manifestOf(bob, { seq: seq ?? now, iat: now, exp: now + 3600 })
}

describe('the command', () => {
  it('says where it listens in one line of JSON, once it serves', async () => {
    const { url, database, ask } = await ready()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(database).toBe(join(directory, 'hansa-registry.sqlite'))
    expect(await ask.health()).toEqual({ status: 200, body: { status: 'ok', listings: 0 } })
  })

  it('says it to people in a sentence', async () => {
    const { firstLine } = start(['--listen', '127.0.0.1:0', '--database', 'memory:', '--ttl', '30'])
    expect(await firstLine()).toMatch(
      /^Registry ready at http:\/\/127\.0\.0\.1:\d+\. Records are in memory:; a listing lasts 30 s without a heartbeat\.$/,
    )
  })

  it('takes what no option says from the environment', async () => {
    const { database } = await ready(['--json'], { HANSA_REGISTRY_LISTEN: '127.0.0.1:0', DATABASE_URL: 'memory:' })
    expect(database).toBe('memory:')
    expect(existsSync(join(directory, 'hansa-registry.sqlite'))).toBe(false)
  })

  it('still has an acknowledged registration when it was killed and started again', async () => {
    const manifest = freshManifest()
    const first = await ready()
    expect((await first.ask.register(manifest)).status).toBe(200)
    first.child.kill('SIGKILL')
    await once(first.child, 'close')
    const second = await ready()
    expect((await second.ask.get(bob.did)).body.manifest).toBe(manifest)
    expect((await second.ask.register(freshManifest(1))).body.code).toBe('descriptor_mismatch')
  })

  it('finishes and exits with 0 when it is told to stop', async () => {
    const { child, ended, ask } = await ready()
    await ask.register(freshManifest())
    child.kill('SIGTERM')
    const { code, errors } = await ended()
    expect(code).toBe(0)
    const events = errors
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg)
    expect(events).toEqual(['started', 'registered', 'stopped'])
    expect(existsSync(join(directory, 'hansa-registry.sqlite-wal'))).toBe(false)
  })

  it('names all faults of its settings in one message and exits with 1', async () => {
    const { code, errors } = await start(['--listen', 'nowhere', '--ttl', '0', '--database', 'sqlite:']).ended()
    expect(code).toBe(1)
    expect(errors.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(3)
    expect(errors).not.toMatch(/ at .*\.ts/)
  })

  it('names a busy port and a database that cannot be opened in one message', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    const { port } = busy.address() as { port: number }
    const database = `sqlite:${join(directory, 'missing', 'x.sqlite')}`
    const { code, errors } = await start(['--listen', `127.0.0.1:${port}`, '--database', database]).ended()
    busy.close()
    expect(code).toBe(1)
    expect(errors).toMatch(/in use: stop what listens there, or choose another port/)
    expect(errors).toMatch(/Its directory must exist/)
    expect(errors).not.toMatch(/ at .*\.ts/)
  })

  it('leaves a database that another registry serves alone', async () => {
    const first = await ready()
    await first.ask.register(freshManifest())
    const { code, errors } = await start(FREE).ended()
    expect(code).toBe(1)
    expect(errors).toMatch(/already open.*Stop the other one/)
    expect((await first.ask.get(bob.did)).status).toBe(200)
  })
})
