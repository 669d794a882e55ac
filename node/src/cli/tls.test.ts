/** `hansa tls`, `hansa init --tls-host` and what doctor says of certificates. */
import { X509Certificate } from 'node:crypto'
import { appendFile, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate, spkiHash } from '@hansa/mesh'
import { encodeBase64url } from '@hansa/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from './testing/run-cli.ts'

let outside: string
let home: string
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'hansa-tls-'))
  home = join(outside, 'node')
})
afterEach(() => rm(outside, { recursive: true, force: true }))

const run = (...argv: string[]) => runCli(argv, { home })
const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).stdout)
const certificateIn = async () => new X509Certificate(await readFile(join(home, 'tls.crt')))
const spkiIn = async () => encodeBase64url(spkiHash(await certificateIn()))

describe('hansa init --tls-host', () => {
  it('makes a node that serves https under that name', async () => {
    const { exit, stdout } = await run('init', '--listen', '0.0.0.0:8443', '--tls-host', 'kernel.orga.example')
    expect([exit, stdout]).toEqual([0, expect.stringContaining(join(home, 'tls.crt'))])
    expect((await certificateIn()).checkHost('kernel.orga.example')).toBe('kernel.orga.example')
    expect((await stat(join(home, 'keys/tls.key'))).mode & 0o777).toBe(0o600)
    const config = await readFile(join(home, 'hansa.yaml'), 'utf8')
    expect(config).toContain('public_url: "https://kernel.orga.example:8443"')
    expect(config).toMatch(/^tls:\n {2}certificate: tls\.crt\n {2}key: keys\/tls\.key$/m)
    expect(await json('tls', 'show')).toMatchObject({ spki: await spkiIn(), names: 'DNS:kernel.orga.example' })
  })

  it.each(['a b', '*', 'a.example:7400', 'https://a.example'])(
    'refuses the name %j, and makes nothing',
    async (name) => {
      const { exit, stderr } = await run('init', '--tls-host', name)
      expect([exit, stderr]).toEqual([3, expect.stringContaining('--tls-host')])
      await expect(stat(home)).rejects.toThrow()
    },
  )

  it('is needed, or a proxy, where other machines reach the node', async () => {
    const { exit, stderr } = await run('init', '--listen', '10.0.0.5:8443')
    expect([exit, stderr]).toEqual([3, expect.stringContaining('refuse plain http')])
  })
})

describe('hansa tls', () => {
  beforeEach(async () => void (await run('init')))

  it('makes a pair, says how to serve with it, and takes another only when it is told to', async () => {
    const first = await run('tls', 'create', '--host', 'a.example', '--host', '192.0.2.7')
    expect(first.stdout).toMatch(/tls:\n +certificate: tls\.crt\n +key: keys\/tls\.key/)
    const spki = await spkiIn()
    expect((await certificateIn()).checkIP('192.0.2.7')).toBe('192.0.2.7')
    const again = await run('tls', 'create', '--host', 'a.example')
    expect([again.exit, again.stderr]).toEqual([1, expect.stringContaining('--replace')])
    expect(await spkiIn()).toBe(spki)
    expect(await json('tls', 'create', '--host', 'a.example', '--replace')).toMatchObject({ spki: await spkiIn() })
    expect(await spkiIn()).not.toBe(spki)
  })

  it.each([
    [['--host', 'https://a.example'], 'neither a DNS name nor an address'],
    [['--host', 'a.example', '--days', '0'], '--days'],
    [[], '--host NAME'],
  ])('create %j is corrected', async (options, reason) => {
    const { exit, stderr } = await run('tls', 'create', ...options)
    expect([exit, stderr]).toEqual([3, expect.stringContaining(reason)])
  })

  it('show says how to make one when there is none', async () => {
    const { exit, stderr } = await run('tls', 'show')
    expect([exit, stderr]).toEqual([1, expect.stringContaining('hansa tls create')])
  })
})

describe('hansa doctor', () => {
  const certificateChecks = async () => {
    const { checks } = (await json('doctor')) as { checks: { check: string; state: string; detail: string }[] }
    return checks.filter(({ check }) => check === 'certificate' || check === 'authorities')
  }
  const put = async (pair: { cert: string; key: string }) => {
    await writeFile(join(home, 'keys/tls.key'), pair.key, { mode: 0o600 })
    await writeFile(join(home, 'tls.crt'), pair.cert)
  }

  beforeEach(async () => void (await run('init', '--tls-host', 'a.example', '--listen', '127.0.0.1:0')))

  it('finds a good certificate good, and says nothing of one that is not there', async () => {
    expect(await certificateChecks()).toMatchObject([{ state: 'ok', detail: expect.stringContaining(await spkiIn()) }])
    home = join(outside, 'plain')
    await run('init')
    expect(await certificateChecks()).toEqual([])
  })

  it('warns of one that has expired, and fails for an open key and for roots that are none', async () => {
    const now = Math.floor(Date.now() / 1000)
    await put(selfSignedCertificate({ hosts: ['a.example'], notBefore: now - 7_200, notAfter: now - 3_600 }))
    expect(await certificateChecks()).toMatchObject([{ state: 'warn', detail: expect.stringContaining('expired') }])
    await chmod(join(home, 'keys/tls.key'), 0o644)
    const config = join(home, 'hansa.yaml')
    await writeFile(config, (await readFile(config, 'utf8')).replace('keys/tls.key', 'keys/tls.key\n  ca: policy.yaml'))
    expect(await certificateChecks()).toMatchObject([
      { state: 'fail', detail: expect.stringContaining('chmod 600') },
      { state: 'fail', detail: expect.stringContaining('tls.ca') },
    ])
  })
})

describe('hansa up', () => {
  it('names every fault of its certificate and does not start', async () => {
    await run('init', '--tls-host', 'a.example', '--listen', '127.0.0.1:0')
    await rm(join(home, 'tls.crt'))
    await appendFile(join(home, 'policy.yaml'), '\nrules: 5\n')
    const { exit, stderr } = await run('up')
    expect(exit).not.toBe(0)
    expect(stderr).toContain(`There is no file ${join(home, 'tls.crt')}`)
    expect(stderr).toContain('policy.yaml')
  })
})
