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
      expect(await address(url)).toMatchObject({ origin: url.replace(/\/$/, ''), token: 'secret' })
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
