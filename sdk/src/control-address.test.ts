import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newAgentCredential } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { controlAddress } from './control-address.ts'

const address = (url?: string, token = 'secret') => controlAddress(url, { token }, { home: '/home/alice/.hansa' })

describe(controlAddress, () => {
  it.each([
    [undefined, '/home/alice/.hansa/control.sock'],
    ['unix:/run/hansa/control.sock', '/run/hansa/control.sock'],
    ['unix:///run/hansa/control.sock', '/run/hansa/control.sock'],
  ])('takes %s for a socket, which needs no token', async (url, socketPath) => {
    expect(await address(url)).toEqual({ url: url ?? `unix:${socketPath}`, origin: 'http://localhost', socketPath })
  })

  it.each(['http://127.0.0.1:7400', 'http://localhost:7400/', 'http://[::1]:7400'])(
    'takes %s with its token',
    async (url) => {
      expect(await address(url)).toMatchObject({
        origin: url.replace(/\/$/, ''),
        bearer: { kind: 'token', text: 'secret' },
      })
    },
  )

  it.each([
    ['another machine', 'http://192.168.0.7:7400'],
    ['a name that begins like loopback', 'http://127.0.0.1.evil.example:7400'],
    ['loopback as mere credentials', 'http://127.0.0.1@evil.example'],
    ['credentials', 'http://alice:pw@127.0.0.1:7400'],
    ['another scheme', 'https://127.0.0.1:7400'],
    ['a path', 'http://127.0.0.1:7400/control'],
    ['a relative socket', 'unix:control.sock'],
    ['no URL', 'node-a'],
  ])('refuses %s, so that the token goes nowhere else', async (_what, url) => {
    await expect(address(url)).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'bad_url', url },
      message: expect.stringContaining('unix:/path/control.sock'),
    })
  })
})

describe('the credential of an agent', () => {
  const home = '/home/alice/.hansa'
  const mine = newAgentCredential()
  const other = newAgentCredential()
  const shown = async (options: Parameters<typeof controlAddress>[1], environment: object = {}, url?: string) =>
    (await controlAddress(url, options, { home, ...environment })).bearer

  it('is shown on a socket and on loopback, and asks for no token file there', async () => {
    const bearer = { kind: 'credential', text: mine }
    expect(await shown({ credential: mine })).toEqual(bearer)
    expect(await shown({ credential: mine }, {}, 'http://127.0.0.1:7400')).toEqual(bearer)
  })

  it('comes from the program, else from the environment, where also the URL may be', async () => {
    const environment = { credential: other, control: 'unix:/run/hansa/agents.sock' }
    expect(await shown({ credential: mine }, environment)).toMatchObject({ text: mine })
    expect(await shown({}, environment)).toMatchObject({ text: other })
    expect(await controlAddress(undefined, {}, { home, ...environment })).toMatchObject({
      socketPath: '/run/hansa/agents.sock',
    })
    expect(await controlAddress('unix:/else.sock', {}, { home, ...environment })).toMatchObject({
      socketPath: '/else.sock',
    })
  })

  it('is read from a file, with or without a line end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
    const file = join(directory, 'credential')
    await writeFile(file, `${mine}\n`)
    expect(await shown({ credentialFile: file })).toMatchObject({ text: mine })
    expect(await shown({}, { credentialFile: file })).toMatchObject({ text: mine })
    await rm(directory, { recursive: true })
    await expect(shown({ credentialFile: file })).rejects.toMatchObject({
      detail: { code: 'credential_missing' },
      message: expect.stringContaining(file),
    })
  })

  it('of the environment stays behind when an operator shows a token', async () => {
    expect(await shown({ token: 'secret' }, { credential: mine }, 'http://127.0.0.1:7400')).toEqual({
      kind: 'token',
      text: 'secret',
    })
  })

  it.each([mine.slice(0, -1), `${mine.slice(0, -1)}!`, 'secret', ''])(
    'is told from %j before anything is sent, and is not repeated in the error',
    async (credential) => {
      const failure = await shown({ credential }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ name: 'ConnectError', detail: { code: 'bad_credential' } })
      if (credential.length > 8) expect((failure as Error).message).not.toContain(credential.slice(12))
    },
  )

  it('gives way to a token that the program asks for itself', async () => {
    const tokenFrom = () => 'eyJ.a.token'
    expect(await shown({ tokenFrom }, { credential: other })).toEqual({ kind: 'issued', from: tokenFrom })
  })
})
